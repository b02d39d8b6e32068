#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "tensor/device.h"
#include "tensor/handles.h"

namespace infinipot {

/// A device, ready to compute graphs; the CPU does so on a fixed set of threads. One per session:
/// computing on two threads at once needs two backends. Everything beyond ggml-backend.h is reached
/// through the registry, so that a dynamically loaded CPU backend serves as well.
class Backend {
   public:
    /// `n_threads` are the CPU's; another device takes none.
    /// @throws Error(out_of_memory) if the threads, or the device, cannot be started.
    Backend(ggml_backend_dev_t device, int n_threads);
    explicit Backend(int n_threads) : Backend(cpu_device(), n_threads) {}
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    ggml_backend_buffer_type_t buffer_type() const;
    bool on_cpu() const { return threads_ != nullptr; }

    /// Whether it can compute every node of the graph.
    /// @throws Error(unsupported_model) naming the first operation that it cannot.
    void require_supported(ggml_cgraph* graph) const;

    /// Runs the graph to its end on the calling thread and the pool.
    /// @throws Error(interrupted) if interrupt() came before the last node, or, on another device
    /// than the CPU, before the first; outputs are then undefined.
    void compute(ggml_cgraph* graph);

    /// As compute(), but not to be interrupted: for graphs that change what a session remembers.
    void compute_wholly(ggml_cgraph* graph);

    /// @throws Error(interrupted) if interrupt() was called and nothing has been thrown for it.
    void require_not_interrupted();

    /// Allocates the work memory that compute(graph) will need, without computing more than one
    /// node. For the CPU alone: another device allocates its own when it first computes.
    void reserve_work(ggml_cgraph* graph);

    /// Makes the running or the next compute() throw. Async-signal-safe.
    void interrupt() noexcept { interrupted_.store(true, std::memory_order_relaxed); }

   private:
    enum class Abort { never, on_interrupt, at_once };
    static bool should_abort(void* backend);
    ggml_status run(ggml_cgraph* graph, Abort abort);

    BackendHandle handle_;
    struct ThreadPool;
    std::unique_ptr<ThreadPool> threads_;  // the CPU's; null for another device
    std::atomic<bool> interrupted_{false};
    std::atomic<Abort> abort_{Abort::never};
};

}  // namespace infinipot
