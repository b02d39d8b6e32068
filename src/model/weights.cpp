#include "model/weights.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <thread>

#include "base/page_memory.h"
#include "gguf/format.h"
#include "infinipot/error.h"
#include "tensor/backend.h"
#include "tensor/kernels/matmul/matmul.h"

namespace infinipot {

namespace {

constexpr int largest_rows = std::numeric_limits<int>::max();
constexpr int typical_batch = 512;  // tokens; used only to ask a device about its layouts

/// Returns whether the CPU multiplies a matrix of this type and shape in such a buffer.
bool multiplies(ggml_backend_buffer_type_t buffer_type, ggml_type type, int n_in, int n_out) {
    const ContextHandle context = make_description_context(4);
    ggml_tensor* weight = ggml_new_tensor_2d(context.get(), type, n_in, n_out);
    ggml_tensor* input = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, n_in, typical_batch);
    const BufferHandle empty(ggml_backend_buft_alloc_buffer(buffer_type, 0));
    weight->buffer = empty.get();
    return ggml_backend_dev_supports_op(cpu_device(), ggml_mul_mat(context.get(), weight, input));
}

/// Returns whether a tensor of this type can be a matrix. The CPU backend accepts any type and then
/// calls missing functions. Q8_1 and Q8_K are types of activations alone.
bool is_weight_type(ggml_type type) {
    if (type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_BF16) return true;
    return ggml_is_quantized(type) && type != GGML_TYPE_Q8_1 && type != GGML_TYPE_Q8_K;
}

/// Calls visit(item) for every item, on all cores. Items must be independent, and visit() must not
/// throw.
template <typename Items, typename Visit>
void for_each_in_parallel(const Items& items, Visit visit) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < items.size(); i = next++) visit(items[i]);
    };
    std::vector<std::jthread> others;
    for (unsigned n = 1; n < std::thread::hardware_concurrency(); ++n) others.emplace_back(work);
    work();
}

/// Returns a buffer over a mapped file, in which tensors can be placed.
BufferHandle buffer_over(std::span<const std::byte> bytes) {
    // The device takes a mutable pointer but never writes to weights; the mapping is read-only.
    auto* base = const_cast<std::byte*>(bytes.data());
    BufferHandle buffer(
        ggml_backend_dev_buffer_from_host_ptr(cpu_device(), base, bytes.size(), bytes.size()));
    if (!buffer)
        throw Error(ErrorCode::out_of_memory, "the model file cannot be used where it is mapped");
    ggml_backend_buffer_set_usage(buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    return buffer;
}

std::string shape_of(const std::array<std::int64_t, 4>& ne) {
    const std::string matrix = std::to_string(ne[0]) + " x " + std::to_string(ne[1]);
    return ne[2] == 1 ? matrix : matrix + " x " + std::to_string(ne[2]);
}

}  // namespace

WeightLoader::WeightLoader(const GgufFile& file, const ModelOptions& options,
                           ggml_backend_dev_t device)
    : file_(file), options_(options), device_(device) {
    mapped_.context = make_description_context(4 * file.tensors().size() + 1);
}

const GgufTensor& WeightLoader::require(const std::string& name, std::int64_t ne0, std::int64_t ne1,
                                        std::int64_t ne2) {
    const GgufTensor& tensor = file_.get_tensor(name);
    named_.insert(name);
    const std::array<std::int64_t, 4> ne = {ne0, ne1, ne2, 1};
    if (tensor.ne != ne) {
        throw Error(ErrorCode::bad_model, file_.path().string() + " is damaged: tensor " + name +
                                              " is " + shape_of(tensor.ne) +
                                              " where the header asks for " + shape_of(ne));
    }
    return tensor;
}

/// Keeps rows as they are in the file: mapped for the CPU, a copy for another device. A tensor that
/// is named twice, as a table and as a matrix, exists once.
ggml_tensor* WeightLoader::as_in_file(ggml_type type, const std::array<std::int64_t, 3>& ne,
                                      const std::byte* source, const std::string& name) {
    Destination& to =
        is_cpu(device_) ? mapped_ : destination(ggml_backend_dev_buffer_type(device_));
    for (const Placement& known : to.placements) {
        const bool same = std::equal(ne.begin(), ne.end(), known.tensor->ne);
        if (known.source == source && same) return known.tensor;
    }
    ggml_tensor* tensor = ggml_new_tensor_3d(to.context.get(), type, ne[0], ne[1], ne[2]);
    ggml_set_name(tensor, name.c_str());
    to.placements.push_back({tensor, source, ggml_nbytes(tensor), {}});
    return tensor;
}

ggml_tensor* WeightLoader::whole(const GgufTensor& tensor) {
    return as_in_file(tensor.type, {tensor.ne[0], tensor.ne[1], tensor.ne[2]}, tensor.data,
                      tensor.name);
}

ggml_tensor* WeightLoader::table(const std::string& name, int n_in, int n_rows) {
    const GgufTensor& tensor = require(name, n_in, n_rows);
    require_weight_type(tensor);
    return whole(tensor);
}

bool WeightLoader::packs_matrices(const std::string& name, int n_in, int n_out, int n) const {
    const GgufTensor* tensor = file_.find_tensor(name + ".weight");
    return tensor != nullptr && packs(tensor->type, n_in, n_out) && n <= largest_rows / n_out;
}

Matrices WeightLoader::matrices(const std::string& name, int n_in, int n_out, int n, int n_used,
                                bool packed) {
    const GgufTensor& tensor = require(name + ".weight", n_in, n_out, n);
    require_weight_type(tensor);
    const auto n_used_rows = static_cast<std::uint64_t>(n_out) * static_cast<std::uint64_t>(n_used);
    n_matrix_weights_ += static_cast<std::uint64_t>(n_in) * n_used_rows;
    matrix_bytes_ += n_used_rows * ggml_row_size(tensor.type, n_in);
    return {.weight = packed ? place(tensor, tensor.data, n_out * n).weight : whole(tensor),
            .n_in = n_in,
            .n_out = n_out,
            .n = n,
            .type = tensor.type,
            .packed = packed};
}

void WeightLoader::skip(const std::string& prefix) {
    for (const GgufTensor& tensor : file_.tensors()) {
        if (tensor.name.starts_with(prefix)) named_.insert(tensor.name);
    }
}

void WeightLoader::require_weight_type(const GgufTensor& tensor) const {
    if (is_weight_type(tensor.type)) return;
    throw Error(ErrorCode::unsupported_model, file_.path().string() + ": tensor " + tensor.name +
                                                  " is of type " + ggml_type_name(tensor.type) +
                                                  ", which no weights can have");
}

ggml_tensor* WeightLoader::vector(const std::string& name, int n) { return vectors(name, n, 1); }

ggml_tensor* WeightLoader::vectors(const std::string& name, int n, int n_vectors) {
    const GgufTensor& tensor = require(name, n, n_vectors);
    if (tensor.type != GGML_TYPE_F32) {
        throw Error(ErrorCode::unsupported_model, file_.path().string() + ": tensor " + name +
                                                      " is of type " + ggml_type_name(tensor.type) +
                                                      "; vectors are read as F32 only");
    }
    return whole(tensor);
}

ggml_tensor* WeightLoader::optional_vector(const std::string& name, int n) {
    return has(name) ? vector(name, n) : nullptr;
}

Matrix WeightLoader::matrix(const std::string& name, int n_in, int n_out) {
    return with_bias(rows(require(name + ".weight", n_in, n_out), 0, n_out), name);
}

Matrix WeightLoader::with_bias(Matrix matrix, const std::string& name) {
    matrix.bias = optional_vector(name + ".bias", matrix.n_out);
    return matrix;
}

AttentionProjections WeightLoader::attention_projections(const std::string& prefix, int n_embd,
                                                         int n_q, int n_kv) {
    const std::string fused = prefix + ".attn_qkv";
    if (!has(fused + ".weight")) {
        return {matrix(prefix + ".attn_q", n_embd, n_q), matrix(prefix + ".attn_k", n_embd, n_kv),
                matrix(prefix + ".attn_v", n_embd, n_kv)};
    }
    const int n_total = n_q + 2 * n_kv;
    const GgufTensor& weight = require(fused + ".weight", n_embd, n_total);
    const auto part = [&](int first, int n) {
        Matrix result = rows(weight, first, n);
        result.bias = bias_rows(fused + ".bias", n_total, first, n);
        return result;
    };
    return {part(0, n_q), part(n_q, n_kv), part(n_q + n_kv, n_kv)};
}

FeedForward WeightLoader::feed_forward(const std::string& prefix, int n_embd, int n_ff) {
    return {matrix(prefix + ".ffn_gate", n_embd, n_ff), matrix(prefix + ".ffn_up", n_embd, n_ff),
            matrix(prefix + ".ffn_down", n_ff, n_embd)};
}

FeedForward WeightLoader::fused_feed_forward(const std::string& prefix, int n_embd, int n_ff) {
    const GgufTensor& fused = require(prefix + ".ffn_up.weight", n_embd, 2 * std::int64_t{n_ff});
    return {rows(fused, 0, n_ff), rows(fused, n_ff, n_ff),
            matrix(prefix + ".ffn_down", n_ff, n_embd)};
}

FeedForward WeightLoader::ungated_feed_forward(const std::string& prefix, int n_embd, int n_ff) {
    return {
        {}, matrix(prefix + ".ffn_up", n_embd, n_ff), matrix(prefix + ".ffn_down", n_ff, n_embd)};
}

OutputHead WeightLoader::output_head(int n_embd, int n_vocab) {
    const std::string name = has("output.weight") ? "output" : "token_embd";
    const GgufTensor& weight = require(name + ".weight", n_embd, n_vocab);
    return {with_bias(rows(weight, 0, n_vocab), name)};
}

void WeightLoader::refuse_unnamed() const {
    for (const GgufTensor& tensor : file_.tensors()) {
        if (named_.contains(tensor.name)) continue;
        throw Error(ErrorCode::unsupported_model,
                    file_.path().string() + " has a tensor " + gguf::printable(tensor.name) +
                        ", which no graph for its architecture uses; it would not compute what it "
                        "was trained to");
    }
}

ggml_tensor* WeightLoader::bias_rows(const std::string& name, int n_total, int first, int n) {
    if (optional_vector(name, n_total) == nullptr) return nullptr;
    const auto offset = static_cast<std::size_t>(first) * sizeof(float);
    return as_in_file(GGML_TYPE_F32, {n, 1, 1}, file_.get_tensor(name).data + offset, name);
}

bool WeightLoader::packs(ggml_type type, int n_in, int n_out) const {
    return options_.kernels == Kernels::native && options_.repack &&
           kernels::matmul_supported(type, n_in, n_out);
}

Matrix WeightLoader::rows(const GgufTensor& source, int first_row, int n_rows) {
    const auto n_in = static_cast<int>(source.ne[0]);
    const std::size_t row_bytes = ggml_row_size(source.type, n_in);
    const std::byte* data = source.data + static_cast<std::size_t>(first_row) * row_bytes;
    require_weight_type(source);
    n_matrix_weights_ += static_cast<std::uint64_t>(n_in) * static_cast<std::uint64_t>(n_rows);
    matrix_bytes_ += static_cast<std::size_t>(n_rows) * row_bytes;
    return place(source, data, n_rows);
}

/// Chooses the best layout for a matrix: our packed layout, one of ggml's, or the file's. data: the
/// first row in the file.
Matrix WeightLoader::place(const GgufTensor& source, const std::byte* data, int n_rows) {
    const auto n_in = static_cast<int>(source.ne[0]);
    const std::size_t n_bytes = static_cast<std::size_t>(n_rows) * ggml_row_size(source.type, n_in);
    Matrix matrix{.n_in = n_in, .n_out = n_rows, .type = source.type};
    if (packs(source.type, n_in, n_rows)) {
        Destination& to = destination(ggml_backend_cpu_buffer_type());
        matrix.packed = true;
        matrix.weight = ggml_new_tensor_1d(
            to.context.get(), GGML_TYPE_I8,
            static_cast<std::int64_t>(kernels::packed_bytes(source.type, n_in, n_rows)));
        to.placements.push_back({matrix.weight, data, n_bytes, matrix});
    } else if (ggml_backend_buffer_type_t type = fastest_type(source.type, n_in, n_rows)) {
        Destination& to = destination(type);
        matrix.weight = ggml_new_tensor_2d(to.context.get(), source.type, n_in, n_rows);
        to.placements.push_back({matrix.weight, data, n_bytes, {}});
    } else {
        matrix.weight = as_in_file(source.type, {n_in, n_rows, 1}, data, source.name);
    }
    ggml_set_name(matrix.weight, source.name.c_str());
    return matrix;
}

WeightLoader::Destination& WeightLoader::destination(ggml_backend_buffer_type_t type) {
    Destination& to = copied_[type];
    if (!to.context) to.context = make_description_context(4 * file_.tensors().size() + 1);
    return to;
}

/// Returns the first of the CPU's own layouts that accepts the matrix; null for the file's layout.
ggml_backend_buffer_type_t WeightLoader::fastest_type(ggml_type type, int n_in, int n_out) const {
    if (!options_.repack) return nullptr;
    for (ggml_backend_buffer_type_t candidate : cpu_weight_buffer_types()) {
        if (multiplies(candidate, type, n_in, n_out)) return candidate;
    }
    return nullptr;
}

WeightStorage WeightLoader::load() {
    WeightStorage storage;
    if (!mapped_.placements.empty()) load_mapped(storage);
    for (auto& [type, to] : copied_) load_copied(type, to, storage);
    storage.n_matrix_weights = n_matrix_weights_;
    storage.matrix_bytes = matrix_bytes_;
    return storage;
}

void WeightLoader::load_mapped(WeightStorage& storage) {
    std::vector<BufferHandle> buffers;  // one for each file of the model
    for (std::size_t part = 0; part < file_.n_parts(); ++part) {
        buffers.push_back(buffer_over(file_.bytes(part)));
    }
    for (const Placement& placement : mapped_.placements) {
        ggml_backend_tensor_alloc(buffers[file_.part_of(placement.source)].get(), placement.tensor,
                                  const_cast<std::byte*>(placement.source));
    }
    storage.contexts.push_back(std::move(mapped_.context));
    std::ranges::move(buffers, std::back_inserter(storage.buffers));
}

/// Divides packed matrices into pieces of a few MiB, so that all cores share a large one and the
/// pages of the file are released soon.
std::vector<WeightLoader::Piece> WeightLoader::pieces_of(const std::vector<Placement>& placements) {
    constexpr std::size_t most_bytes = std::size_t{4} << 20;
    std::vector<Piece> pieces;
    for (const Placement& placement : placements) {
        const Matrix& packing = placement.packing;
        if (!packing.packed) {
            pieces.push_back({&placement, placement.source, placement.n_bytes, 0, 0});
            continue;
        }
        const std::size_t row_bytes = ggml_row_size(packing.type, packing.n_in);
        const int most_rows =
            std::max(1, static_cast<int>(most_bytes / row_bytes) / kernels::pack_granularity) *
            kernels::pack_granularity;
        for (int first = 0; first < packing.n_out; first += most_rows) {
            const int n_rows = std::min(most_rows, packing.n_out - first);
            pieces.push_back({&placement,
                              placement.source + static_cast<std::size_t>(first) * row_bytes,
                              static_cast<std::size_t>(n_rows) * row_bytes, first, n_rows});
        }
    }
    return pieces;
}

void WeightLoader::load_copied(ggml_backend_buffer_type_t type, Destination& to,
                               WeightStorage& storage) {
    BufferHandle buffer = allocate_unset_tensors(to.context.get(), type, "the weights");
    ggml_backend_buffer_set_usage(buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    if (ggml_backend_buffer_is_host(buffer.get())) {
        prefer_huge_pages(ggml_backend_buffer_get_base(buffer.get()),
                          ggml_backend_buffer_get_size(buffer.get()));
    }
    for_each_in_parallel(pieces_of(to.placements), [this](const Piece& piece) {
        const auto& [tensor, source, n_bytes, packing] = *piece.placement;
        if (packing.packed) {
            kernels::pack_rows(packing.type, piece.source, piece.first_row, piece.n_rows,
                               packing.n_in, packing.n_out, tensor->data);
        } else {
            ggml_backend_tensor_set(tensor, source, 0, n_bytes);
        }
        file_.drop(piece.source, piece.n_bytes);
    });
    storage.copied_bytes += ggml_backend_buffer_get_size(buffer.get());
    storage.contexts.push_back(std::move(to.context));
    storage.buffers.push_back(std::move(buffer));
}

}  // namespace infinipot
