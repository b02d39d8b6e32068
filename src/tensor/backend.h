#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "tensor/device.h"
#include "tensor/handles.h"

namespace infinipot {

/// A device that is ready to compute graphs; the CPU computes on a fixed set of threads. A session
/// has one, because computing on two threads at once needs two backends. Functions outside
/// ggml-backend.h are looked up in the registry, so a dynamically loaded CPU backend works too.
class Backend {
   public:
    /// `n_threads` is the number of CPU threads; another device ignores it.
    /// @throws Error(out_of_memory) if the threads, or the device, cannot be started.
    Backend(ggml_backend_dev_t device, int n_threads);
    explicit Backend(int n_threads) : Backend(cpu_device(), n_threads) {}

    /// Computes on the device and the threads of `other`, so that neither computes while the other
    /// one is busy(). Each is interrupted alone.
    Backend(const Backend& other) : processor_(other.processor_) {}
    ~Backend();
    Backend& operator=(const Backend&) = delete;

    ggml_backend_buffer_type_t buffer_type() const;
    bool on_cpu() const;

    /// Waits until no other backend computes on the same threads, and keeps them from doing so for
    /// as long as the returned lock lives.
    [[nodiscard]] std::unique_lock<std::mutex> busy() const;

    /// Checks that the device can compute every node of the graph.
    /// @throws Error(unsupported_model) naming the first operation that it cannot.
    void require_supported(ggml_cgraph* graph) const;

    /// Runs the graph to its end, on the calling thread and the pool.
    /// @throws Error(interrupted) if interrupt() was called before the last node on the CPU, or
    /// before the first node on another device. Outputs are then undefined.
    void compute(ggml_cgraph* graph);

    /// Does what compute() does but ignores interrupt(): for graphs that change a session's state.
    void compute_wholly(ggml_cgraph* graph);

    /// @throws Error(interrupted) if interrupt() was called and has not caused an exception yet.
    void require_not_interrupted();

    /// Allocates the work memory that compute(graph) will need, and computes at most one node. For
    /// the CPU only: another device allocates its memory when it first computes.
    void reserve_work(ggml_cgraph* graph);

    /// Makes the running or the next compute() throw Error(interrupted). Async-signal-safe.
    void interrupt() noexcept { interrupted_.store(true, std::memory_order_relaxed); }

   private:
    enum class Abort { never, on_interrupt, at_once };
    static bool should_abort(void* backend);
    ggml_status run(ggml_cgraph* graph, Abort abort);

    struct ThreadPool;
    struct Processor;
    std::shared_ptr<Processor> processor_;
    std::atomic<bool> interrupted_{false};
    std::atomic<Abort> abort_{Abort::never};
};

}  // namespace infinipot
