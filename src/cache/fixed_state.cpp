#include "cache/fixed_state.h"

#include <cassert>

namespace infinipot {

namespace {

std::size_t bytes_of(const StateShape& shape) {
    const auto n_rows = static_cast<std::size_t>(shape.ne[1] * shape.ne[2] * shape.ne[3]);
    return ggml_row_size(shape.type, shape.ne[0]) * n_rows;
}

std::size_t n_tensors(std::span<const std::vector<StateShape>> shapes) {
    std::size_t n = 0;
    for (const std::vector<StateShape>& layer : shapes) n += layer.size();
    return n;
}

}  // namespace

std::size_t FixedState::bytes(std::span<const std::vector<StateShape>> shapes) {
    std::size_t sum = 0;
    for (const std::vector<StateShape>& layer : shapes)
        for (const StateShape& shape : layer) sum += bytes_of(shape);
    return sum;
}

FixedState::FixedState(std::span<const std::vector<StateShape>> shapes,
                       ggml_backend_buffer_type_t type)
    : context_(make_description_context(n_versions * n_tensors(shapes))), bytes_(bytes(shapes)) {
    for (std::size_t il = 0; il < shapes.size(); ++il) {
        first_of_layer_.push_back(versions_.front().size());
        for (const StateShape& shape : shapes[il]) {
            for (std::vector<ggml_tensor*>& version : versions_) {
                version.push_back(
                    ggml_new_tensor(context_.get(), shape.type, GGML_MAX_DIMS, shape.ne.data()));
                ggml_format_name(version.back(), "state.%zu.%s", il, shape.name);
            }
        }
    }
    if (bytes_ > 0) buffer_ = allocate_tensors(context_.get(), type, "the states of layers");
}

ggml_tensor* FixedState::tensor(int version, int il, int i) const {
    const std::size_t at =
        first_of_layer_[static_cast<std::size_t>(il)] + static_cast<std::size_t>(i);
    assert(at < versions_.front().size());
    return versions_[static_cast<std::size_t>(version)][at];
}

std::vector<std::byte> FixedState::save() const {
    std::vector<std::byte> bytes(bytes_);
    std::size_t at = 0;
    for (const ggml_tensor* tensor : versions_[static_cast<std::size_t>(current_)]) {
        ggml_backend_tensor_get(tensor, bytes.data() + at, 0, ggml_nbytes(tensor));
        at += ggml_nbytes(tensor);
    }
    return bytes;
}

void FixedState::restore(std::span<const std::byte> bytes) {
    assert(bytes.size() == bytes_);
    for (ggml_tensor* tensor : versions_[static_cast<std::size_t>(current_)]) {
        ggml_backend_tensor_set(tensor, bytes.data(), 0, ggml_nbytes(tensor));
        bytes = bytes.subspan(ggml_nbytes(tensor));
    }
}

void FixedState::serialize(StateArchive& archive) {
    std::vector<std::byte> bytes = save();
    archive.block(std::span(bytes));
    if (archive.reads()) restore(bytes);
}

}  // namespace infinipot
