#include "cache/row_format.h"

#include "tensor/kernels/hadamard.h"

namespace infinipot {

ggml_tensor* hadamard_for(ggml_context* context, ggml_type type, ggml_tensor* x) {
    return uses_hadamard(type) ? kernels::hadamard(context, x) : x;
}

ggml_tensor* store_rows(ggml_context* context, ggml_tensor* rows, ggml_tensor* pot,
                        ggml_tensor* slots, ggml_tensor* centre) {
    if (centre != nullptr) rows = ggml_sub(context, rows, centre);
    rows = hadamard_for(context, pot->type, rows);
    ggml_tensor* by_head = ggml_permute(context, rows, 0, 2, 1, 3);  // [n_embd_head, n, n_head_kv]
    return ggml_set_rows(context, pot, by_head, slots);
}

ggml_tensor* load_rows(ggml_context* context, ggml_tensor* view, ggml_tensor* centre) {
    if (view->type == GGML_TYPE_F16) return view;
    ggml_tensor* rows = hadamard_for(context, view->type, ggml_cast(context, view, GGML_TYPE_F32));
    return centre == nullptr ? rows : ggml_add(context, rows, centre);
}

void load_row(ggml_type type, const std::byte* row, std::span<float> x,
              std::span<const float> centre) {
    const auto n = static_cast<std::int64_t>(x.size());
    ggml_get_type_traits(type)->to_float(row, x.data(), n);
    if (uses_hadamard(type)) kernels::hadamard(x.data(), n);
    for (std::size_t i = 0; i < centre.size(); ++i) x[i] += centre[i];
}

void store_row(ggml_type type, std::span<float> x, std::byte* row, std::span<const float> centre) {
    const auto n = static_cast<std::int64_t>(x.size());
    for (std::size_t i = 0; i < centre.size(); ++i) x[i] -= centre[i];
    if (uses_hadamard(type)) kernels::hadamard(x.data(), n);
    ggml_get_type_traits(type)->from_float_ref(x.data(), row, n);
}

}  // namespace infinipot
