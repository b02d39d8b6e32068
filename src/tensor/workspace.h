#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tensor/backend.h"

namespace infinipot {

/// Memory in which the graphs of one kind are built and computed, one after another. reserve()
/// allocates all of it. Later graphs allocate nothing that outlives them.
class Workspace {
   public:
    /// Builds one graph: creates its tensors in `context`, marks its inputs with ggml_set_input,
    /// and expands `graph` with its outputs.
    using Build = std::function<void(ggml_context* context, ggml_cgraph* graph)>;

    /// Has room for graphs of up to `max_nodes` nodes.
    Workspace(Backend& backend, std::size_t max_nodes);

    /// Allocates memory for the largest graph that will ever be built here.
    /// @throws Error(out_of_memory) if the device has too little memory.
    /// @throws Error(unsupported_model) if the device lacks an operation.
    void reserve(const Build& build_largest);

    /// Builds a graph and places its tensors. Inputs are set afterwards.
    void prepare(const Build& build);

    void compute() { backend_.compute(graph_); }                ///< see Backend::compute
    void compute_wholly() { backend_.compute_wholly(graph_); }  ///< see Backend::compute_wholly

    /// @throws Error(interrupted) if compute() would throw it.
    void require_not_interrupted() { backend_.require_not_interrupted(); }

    /// Returns the seconds spent in prepare() so far.
    double preparing_seconds() const { return preparing_seconds_; }

    /// Returns the bytes reserved for the tensors of a graph and their descriptions.
    std::size_t bytes() const;

   private:
    ggml_cgraph* build_graph(const Build& build);
    void clear_inputs();

    Backend& backend_;
    std::size_t max_nodes_;
    std::vector<std::uint8_t> descriptions_;
    ContextHandle context_;
    AllocatorHandle allocator_;
    ggml_cgraph* graph_ = nullptr;
    double preparing_seconds_ = 0;
};

}  // namespace infinipot
