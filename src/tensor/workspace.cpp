#include "tensor/workspace.h"

#include <cassert>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

Workspace::Memory::Memory(const Backend& backend, std::size_t n)
    : max_nodes(n),
      // A node adds at most one leaf (an input or a weight), so there are at most twice the
      // tensors.
      descriptions(2 * n * ggml_tensor_overhead() + ggml_graph_overhead_custom(n, false)),
      context(ggml_init(
          {.mem_size = descriptions.size(), .mem_buffer = descriptions.data(), .no_alloc = true})),
      allocator(ggml_gallocr_new(backend.buffer_type())) {}

std::size_t Workspace::Memory::bytes() const {
    return descriptions.size() + ggml_gallocr_get_buffer_size(allocator.get(), 0);
}

Workspace::Workspace(Backend& backend, std::size_t max_nodes)
    : backend_(backend), memory_(std::make_shared<Memory>(backend, max_nodes)) {}

ggml_cgraph* Workspace::build_graph(const Build& build) {
    ggml_context* const context = memory_->context.get();
    ggml_reset(context);
    ggml_cgraph* graph = ggml_new_graph_custom(context, memory_->max_nodes, false);
    build(context, graph);
    return graph;
}

void Workspace::reserve(const Build& build_largest) {
    if (is_guest_) return;
    const Use use = backend_.busy();
    graph_ = build_graph(build_largest);
    ggml_gallocr_t const allocator = memory_->allocator.get();
    if (!ggml_gallocr_reserve(allocator, graph_) || !ggml_gallocr_alloc_graph(allocator, graph_)) {
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

Workspace::Use Workspace::prepare(const Build& build) {
    Use use = backend_.busy();
    [[maybe_unused]] const std::size_t reserved = memory_->bytes();
    const Stopwatch watch;
    graph_ = build_graph(build);
    if (!ggml_gallocr_alloc_graph(memory_->allocator.get(), graph_)) {
        throw Error(ErrorCode::out_of_memory, "the machine has no memory for the activations");
    }
    preparing_seconds_ += watch.seconds();
    assert(memory_->bytes() <= reserved && "a graph outgrew the one that was reserved");
    return use;
}

std::size_t Workspace::bytes() const { return is_guest_ ? 0 : memory_->bytes(); }

}  // namespace infinipot
