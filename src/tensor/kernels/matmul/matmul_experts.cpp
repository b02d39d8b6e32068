#include "tensor/kernels/matmul/matmul_experts.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "tensor/kernels/matmul/packed.h"
#include "tensor/kernels/work_queue.h"

namespace infinipot::kernels {
namespace {

/// A view of the result of group_by_expert(): sizes, then for each expert that is used its number
/// and its first row, then the source of each row and the row of each source. A *source* is a place
/// in `chosen`: token * n_used + i.
class Groups {
   public:
    explicit Groups(const ggml_tensor* tensor)
        : data_(static_cast<int32_t*>(tensor->data)),
          n_expert_(tensor->op_params[n_expert_at]),
          n_used_(tensor->op_params[n_used_at]),
          n_rows_((tensor->ne[0] - header - 2 * n_expert_) / 2) {}

    static int64_t size(int64_t n_expert, int64_t n_rows) {
        return header + 2 * n_expert + 2 * n_rows;
    }
    static void set_shape(ggml_tensor* tensor, int64_t n_expert, int64_t n_used) {
        tensor->op_params[n_expert_at] = static_cast<int32_t>(n_expert);
        tensor->op_params[n_used_at] = static_cast<int32_t>(n_used);
    }

    int64_t n_expert() const { return n_expert_; }
    int64_t n_used() const { return n_used_; }  ///< experts of a token
    int64_t n_rows() const { return n_rows_; }
    int32_t& n_groups() const { return data_[0]; }
    int32_t& expert(int64_t group) const { return data_[header + 2 * group]; }
    int32_t& begin(int64_t group) const { return data_[header + 2 * group + 1]; }
    int64_t end(int64_t group) const { return group + 1 < n_groups() ? begin(group + 1) : n_rows_; }
    int32_t& source(int64_t row) const { return data_[header + 2 * n_expert_ + row]; }
    int32_t& row(int64_t source) const { return data_[header + 2 * n_expert_ + n_rows_ + source]; }
    int64_t token(int64_t row) const { return source(row) / n_used_; }

   private:
    static constexpr int64_t header = 1;
    // Words of op_params: ggml uses the first six of a custom operation, WorkQueue the last.
    static constexpr int n_expert_at = 8, n_used_at = 9;

    int32_t* data_;
    int64_t n_expert_, n_used_, n_rows_;
};

const char* column(const ggml_tensor* tensor, int64_t i) {
    return static_cast<const char*>(tensor->data) + i * static_cast<int64_t>(tensor->nb[1]);
}

float* floats(const ggml_tensor* tensor, int64_t i) {
    return reinterpret_cast<float*>(const_cast<char*>(column(tensor, i)));
}

/// Sorts by counting: experts are counted in the entries of all experts, of which those that are
/// used are then moved together.
void group_op(ggml_tensor* dst, int ith, int /*nth*/, void* /*userdata*/) {
    if (ith != 0) return;
    const Groups groups(dst);
    const ggml_tensor* chosen = dst->src[0];
    const auto expert_of = [&](int64_t source) {
        const char* token = column(chosen, source / groups.n_used());
        return reinterpret_cast<const int32_t*>(token)[source % groups.n_used()];
    };
    for (int64_t e = 0; e < groups.n_expert(); ++e) groups.begin(e) = 0;
    for (int64_t source = 0; source < groups.n_rows(); ++source) ++groups.begin(expert_of(source));
    int32_t first = 0;
    for (int64_t e = 0; e < groups.n_expert(); ++e) {
        const int32_t n = groups.begin(e);
        groups.begin(e) = first;
        groups.expert(e) = n;
        first += n;
    }
    for (int64_t source = 0; source < groups.n_rows(); ++source) {
        const int32_t row = groups.begin(expert_of(source))++;
        groups.row(source) = row;
        groups.source(row) = static_cast<int32_t>(source);
    }
    int32_t n_groups = 0;
    for (int64_t e = 0; e < groups.n_expert(); ++e) {
        const int32_t n = groups.expert(e), end = groups.begin(e);
        if (n == 0) continue;
        groups.expert(n_groups) = static_cast<int32_t>(e);
        groups.begin(n_groups) = end - n;
        ++n_groups;
    }
    groups.n_groups() = n_groups;
}

/// dst: [n, n_rows]; src: x [n, T], groups.
void gather_op(ggml_tensor* dst, int ith, int nth, void* /*userdata*/) {
    const Groups groups(dst->src[1]);
    const int64_t n_rows = groups.n_rows();
    for (int64_t row = n_rows * ith / nth; row < n_rows * (ith + 1) / nth; ++row) {
        std::memcpy(const_cast<char*>(column(dst, row)), column(dst->src[0], groups.token(row)),
                    dst->nb[1]);
    }
}

/// A piece is one panel of one expert times its rows. Panels change fastest, so the X of the expert
/// stays in the cache.
void matmul_op(ggml_tensor* dst, int /*ith*/, int nth, void* userdata) {
    const auto& kernel = *static_cast<const MatmulKernel*>(userdata);
    const Groups groups(dst->src[2]);
    const int64_t n_out = dst->ne[0], n_panels = (n_out + row_panel - 1) / row_panel;
    const PackedMatrix w = {dst->src[0]->data, dst->src[1]->ne[0] / kernel.block_bytes,
                            n_out * groups.n_expert()};
    WorkQueue queue(dst, groups.n_groups() * n_panels, nth);
    for (int64_t piece = queue.draw(); piece >= 0; piece = queue.draw()) {
        const int64_t group = piece / n_panels, row = piece % n_panels * row_panel;
        const int64_t begin = groups.begin(group), n = groups.end(group) - begin;
        const int64_t n_runs = (n + most_columns - 1) / most_columns;
        for (int64_t run = 0; run < n_runs; ++run) {
            const int64_t first = begin + n * run / n_runs, end = begin + n * (run + 1) / n_runs;
            multiply_panel(kernel, w, groups.expert(group) * n_out + row, n_out - row,
                           {.x = column(dst->src[1], first),
                            .n = end - first,
                            .y = floats(dst, first) + row,
                            .y_stride = n_out});
        }
    }
}

/// dst: [n, n_rows]; src: y, bias, groups.
void add_op(ggml_tensor* dst, int ith, int nth, void* /*userdata*/) {
    const Groups groups(dst->src[2]);
    const int64_t n_rows = groups.n_rows(), n = dst->ne[0];
    const int64_t end = n_rows * (ith + 1) / nth;
    int64_t group = 0;
    for (int64_t row = n_rows * ith / nth; row < end; ++row) {
        while (groups.end(group) <= row) ++group;
        const float *y = floats(dst->src[0], row),
                    *bias = floats(dst->src[1], groups.expert(group));
        float* out = floats(dst, row);
        for (int64_t i = 0; i < n; ++i) out[i] = y[i] + bias[i];
    }
}

/// dst: [n, T]; src: y [n, n_rows], weights, groups.
void sum_op(ggml_tensor* dst, int ith, int nth, void* /*userdata*/) {
    const Groups groups(dst->src[2]);
    const int64_t n = dst->ne[0], n_tokens = dst->ne[1], n_used = groups.n_used();
    const auto* weights = static_cast<const float*>(dst->src[1]->data);
    for (int64_t token = n_tokens * ith / nth; token < n_tokens * (ith + 1) / nth; ++token) {
        float* out = floats(dst, token);
        std::fill_n(out, n, 0.0f);
        for (int64_t source = token * n_used; source < (token + 1) * n_used; ++source) {
            const float* y = floats(dst->src[0], groups.row(source));
            const float weight = weights[source];
            for (int64_t i = 0; i < n; ++i) out[i] += weight * y[i];
        }
    }
}

ggml_tensor* new_op(ggml_context* ctx, ggml_type type, int64_t n, int64_t n_rows,
                    std::initializer_list<ggml_tensor*> from, ggml_custom_op_t op,
                    void* userdata = nullptr) {
    ggml_tensor* args[3];
    std::ranges::copy(from, args);
    return ggml_custom_4d(ctx, type, n, n_rows, 1, 1, args, static_cast<int>(from.size()), op,
                          GGML_N_TASKS_MAX, userdata);
}

int64_t rows_of(const ggml_tensor* groups) { return ggml_nelements(groups->src[0]); }

}  // namespace

ggml_tensor* group_by_expert(ggml_context* ctx, ggml_tensor* chosen, int64_t n_expert) {
    assert(chosen->type == GGML_TYPE_I32 && ggml_is_matrix(chosen));
    assert(chosen->nb[0] == sizeof(int32_t));
    const int64_t n_rows = ggml_nelements(chosen);
    ggml_tensor* groups = ggml_custom_4d(ctx, GGML_TYPE_I32, Groups::size(n_expert, n_rows), 1, 1,
                                         1, &chosen, 1, group_op, 1, nullptr);
    Groups::set_shape(groups, n_expert, chosen->ne[0]);
    return groups;
}

ggml_tensor* gather_columns(ggml_context* ctx, ggml_tensor* x, ggml_tensor* groups) {
    assert(ggml_is_matrix(x) && x->ne[1] == groups->src[0]->ne[1]);
    return new_op(ctx, x->type, x->ne[0], rows_of(groups), {x, groups}, gather_op);
}

ggml_tensor* matmul_experts(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                            ggml_tensor* groups, const ExpertShape& shape) {
    assert(matmul_supported(type, shape.n_in, shape.n_out));
    assert(ggml_nbytes(packed) >= packed_bytes(type, shape.n_in, shape.n_out * shape.n));
    assert(x8->ne[0] == shape.n_in / quant_block * matmul_kernel(type)->block_bytes);
    assert(ggml_is_contiguous(x8) && x8->ne[1] == rows_of(groups));
    return new_op(ctx, GGML_TYPE_F32, shape.n_out, rows_of(groups), {packed, x8, groups}, matmul_op,
                  const_cast<MatmulKernel*>(matmul_kernel(type)));
}

ggml_tensor* add_expert_rows(ggml_context* ctx, ggml_tensor* y, ggml_tensor* bias,
                             ggml_tensor* groups) {
    assert(y->type == GGML_TYPE_F32 && bias->type == GGML_TYPE_F32 && y->ne[0] == bias->ne[0]);
    return new_op(ctx, GGML_TYPE_F32, y->ne[0], y->ne[1], {y, bias, groups}, add_op);
}

ggml_tensor* sum_experts(ggml_context* ctx, ggml_tensor* y, ggml_tensor* weights,
                         ggml_tensor* groups) {
    assert(y->type == GGML_TYPE_F32 && weights->type == GGML_TYPE_F32);
    assert(ggml_is_contiguous(weights) && ggml_nelements(weights) == y->ne[1]);
    return new_op(ctx, GGML_TYPE_F32, y->ne[0], groups->src[0]->ne[1], {y, weights, groups},
                  sum_op);
}

}  // namespace infinipot::kernels
