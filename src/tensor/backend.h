#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "tensor/handles.h"

namespace infinipot {

/// The CPU, ready to compute graphs on a fixed set of threads. One per session: computing on two
/// threads at once needs two backends. Everything beyond ggml-backend.h is reached through the
/// registry, so that a dynamically loaded CPU backend serves as well.
class Backend {
   public:
    /// @throws Error(out_of_memory) if the threads cannot be started.
    explicit Backend(int n_threads);
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    ggml_backend_buffer_type_t buffer_type() const;

    /// Runs the graph to its end on the calling thread and the pool.
    /// @throws Error(interrupted) if interrupt() came before the last node; outputs are then
    /// undefined.
    void compute(ggml_cgraph* graph);

    /// As compute(), but not to be interrupted: for graphs that change what a session remembers.
    void compute_wholly(ggml_cgraph* graph);

    /// @throws Error(interrupted) if interrupt() was called and nothing has been thrown for it.
    void require_not_interrupted();

    /// Allocates the work memory that compute(graph) will need, without computing more than one
    /// node.
    void reserve_work(ggml_cgraph* graph);

    /// Makes the running or the next compute() throw. Async-signal-safe.
    void interrupt() noexcept { interrupted_.store(true, std::memory_order_relaxed); }

   private:
    enum class Abort { never, on_interrupt, at_once };
    static bool should_abort(void* backend);
    ggml_status run(ggml_cgraph* graph, Abort abort);

    BackendHandle handle_;
    struct ThreadPool;
    std::unique_ptr<ThreadPool> threads_;
    std::atomic<bool> interrupted_{false};
    std::atomic<Abort> abort_{Abort::never};
};

/// The CPU device of ggml's registry.
ggml_backend_dev_t cpu_device();

/// Buffer types in which the CPU keeps weights in a layout of its own (AMX tiles, interleaved
/// rows), the best first. Empty where there are none.
std::vector<ggml_backend_buffer_type_t> cpu_weight_buffer_types();

}  // namespace infinipot
