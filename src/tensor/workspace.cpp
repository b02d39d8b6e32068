#include "tensor/workspace.h"

#include <cassert>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

Workspace::Workspace(Backend& backend, std::size_t max_nodes)
    : backend_(backend),
      max_nodes_(max_nodes),
      // A node adds at most one leaf (an input or a weight), so there are at most twice the
      // tensors.
      descriptions_(2 * max_nodes * ggml_tensor_overhead() +
                    ggml_graph_overhead_custom(max_nodes, false)),
      context_(ggml_init({.mem_size = descriptions_.size(),
                          .mem_buffer = descriptions_.data(),
                          .no_alloc = true})),
      allocator_(ggml_gallocr_new(backend.buffer_type())) {}

ggml_cgraph* Workspace::build_graph(const Build& build) {
    ggml_reset(context_.get());
    ggml_cgraph* graph = ggml_new_graph_custom(context_.get(), max_nodes_, false);
    build(context_.get(), graph);
    return graph;
}

void Workspace::reserve(const Build& build_largest) {
    graph_ = build_graph(build_largest);
    if (!ggml_gallocr_reserve(allocator_.get(), graph_) ||
        !ggml_gallocr_alloc_graph(allocator_.get(), graph_)) {
        throw Error(ErrorCode::out_of_memory,
                    "the machine has no memory for the activations; choose a smaller batch");
    }
    backend_.require_supported(graph_);
    if (!backend_.on_cpu()) return;
    clear_inputs();
    backend_.reserve_work(graph_);
}

/// Clears the inputs, so that the one node that reserve_work() computes reads no undefined indices.
void Workspace::clear_inputs() {
    for (int i = 0; i < ggml_graph_n_nodes(graph_); ++i) {
        for (ggml_tensor* source : ggml_graph_node(graph_, i)->src) {
            if (source != nullptr && (source->flags & GGML_TENSOR_FLAG_INPUT) != 0) {
                ggml_backend_tensor_memset(source, 0, 0, ggml_nbytes(source));
            }
        }
    }
}

void Workspace::prepare(const Build& build) {
    [[maybe_unused]] const std::size_t reserved = bytes();
    const Stopwatch watch;
    graph_ = build_graph(build);
    if (!ggml_gallocr_alloc_graph(allocator_.get(), graph_)) {
        throw Error(ErrorCode::out_of_memory, "the machine has no memory for the activations");
    }
    preparing_seconds_ += watch.seconds();
    assert(bytes() <= reserved && "a graph outgrew the one that was reserved");
}

std::size_t Workspace::bytes() const {
    return descriptions_.size() + ggml_gallocr_get_buffer_size(allocator_.get(), 0);
}

}  // namespace infinipot
