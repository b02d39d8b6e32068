#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "tensor/backend.h"

namespace infinipot {

/// Memory in which the graphs of one kind are built and computed, one after another. reserve()
/// allocates all of it. Later graphs allocate nothing that outlives them. Several sessions may
/// share one memory, and then take turns.
class Workspace {
   public:
    /// Builds one graph: creates its tensors in `context`, marks its inputs with ggml_set_input,
    /// and expands `graph` with its outputs.
    using Build = std::function<void(ggml_context* context, ggml_cgraph* graph)>;

    /// Has room for graphs of up to `max_nodes` nodes.
    Workspace(Backend& backend, std::size_t max_nodes);

    /// Shares the memory of `other`, which has reserved enough for the graphs of both. `backend` is
    /// a copy of the other's.
    Workspace(Backend& backend, const Workspace& other)
        : backend_(backend), memory_(other.memory_), is_guest_(true) {}

    /// Allocates memory for the largest graph that will ever be built here; nothing if the memory
    /// is shared.
    /// @throws Error(out_of_memory) if the device has too little memory.
    /// @throws Error(unsupported_model) if the device lacks an operation.
    void reserve(const Build& build_largest);

    /// The right to use the memory, as long as it lives.
    using Use = std::unique_lock<std::mutex>;

    /// Builds a graph and places its tensors. Inputs are set afterwards. The graph and its tensors
    /// live as long as the returned lock; another session may then build its own.
    [[nodiscard]] Use prepare(const Build& build);

    void compute() { backend_.compute(graph_); }                ///< see Backend::compute
    void compute_wholly() { backend_.compute_wholly(graph_); }  ///< see Backend::compute_wholly

    /// @throws Error(interrupted) if compute() would throw it.
    void require_not_interrupted() { backend_.require_not_interrupted(); }

    /// Returns the seconds spent in prepare() so far.
    double preparing_seconds() const { return preparing_seconds_; }

    /// Returns the bytes reserved for the tensors of a graph and their descriptions; 0 if the
    /// memory is that of another workspace.
    std::size_t bytes() const;

   private:
    ggml_cgraph* build_graph(const Build& build);

    struct Memory {
        Memory(const Backend& backend, std::size_t max_nodes);
        std::size_t bytes() const;

        std::size_t max_nodes;
        std::vector<std::uint8_t> descriptions;
        ContextHandle context;
        AllocatorHandle allocator;
    };

    Backend& backend_;
    std::shared_ptr<Memory> memory_;
    bool is_guest_ = false;         // of another workspace's memory
    ggml_cgraph* graph_ = nullptr;  // the last one that was prepared
    double preparing_seconds_ = 0;
};

}  // namespace infinipot
