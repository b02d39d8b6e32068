#include "tensor/workspace.h"

#include <cassert>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

/// Begins a graph with the one node that Backend::reserve_work() computes.
void begin_with_tiny_node(ggml_context* context, ggml_cgraph* graph) {
    ggml_tensor* number = ggml_new_tensor_1d(context, GGML_TYPE_F32, 1);
    ggml_set_input(number);
    ggml_build_forward_expand(graph, ggml_scale(context, number, 1.0f));
}

}  // namespace

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
    graph_ = build_graph([&](ggml_context* context, ggml_cgraph* graph) {
        begin_with_tiny_node(context, graph);
        build_largest(context, graph);
    });
    ggml_gallocr_t const allocator = memory_->allocator.get();
    if (!ggml_gallocr_reserve(allocator, graph_) || !ggml_gallocr_alloc_graph(allocator, graph_)) {
        throw Error(ErrorCode::out_of_memory,
                    "the machine has no memory for the activations; choose a smaller batch");
    }
    backend_.require_supported(graph_);
    if (backend_.on_cpu()) backend_.reserve_work(graph_);
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
