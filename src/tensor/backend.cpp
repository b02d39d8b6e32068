#include "tensor/backend.h"

#include <cassert>
#include <string>

#include "infinipot/error.h"

namespace infinipot {

namespace {

using NewThreadPool = ggml_threadpool_t (*)(ggml_threadpool_params*);
using FreeThreadPool = void (*)(ggml_threadpool_t);
using SetThreadPool = void (*)(ggml_backend_t, ggml_threadpool_t);

}  // namespace

/// Threads that live as long as the backend, so that compute() neither starts nor allocates any.
struct Backend::ThreadPool {
    explicit ThreadPool(int n_threads) {
        ggml_threadpool_params params = ggml_threadpool_params_default(n_threads);
        params.poll =
            1;  // of 100: polls between two graphs, but an idle session keeps no core busy
        const auto make = cpu_function<NewThreadPool>("ggml_threadpool_new");
        if (make != nullptr) pool = make(&params);
    }
    ~ThreadPool() {
        const auto free = cpu_function<FreeThreadPool>("ggml_threadpool_free");
        if (free != nullptr && pool != nullptr) free(pool);
    }
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    ggml_threadpool_t pool = nullptr;
};

/// What several backends may share.
struct Backend::Processor {
    std::unique_ptr<ThreadPool> threads = nullptr;  // of the CPU; null for another device
    BackendHandle handle = nullptr;                 // goes before the threads that it uses
    std::mutex busy = {};
};

Backend::Backend(ggml_backend_dev_t device, int n_threads)
    : processor_(std::make_shared<Processor>()) {
    BackendHandle& handle = processor_->handle;
    handle.reset(ggml_backend_dev_init(device, nullptr));
    if (!handle) {
        throw Error(ErrorCode::out_of_memory,
                    "the device " + device_name(device) + " could not be started");
    }
    if (!is_cpu(device)) return;
    processor_->threads = std::make_unique<ThreadPool>(n_threads);
    ggml_threadpool_t const pool = processor_->threads->pool;
    cpu_function<ggml_backend_set_n_threads_t>("ggml_backend_set_n_threads")(handle.get(),
                                                                             n_threads);
    const auto set_pool = cpu_function<SetThreadPool>("ggml_backend_cpu_set_threadpool");
    if (set_pool != nullptr && pool != nullptr) set_pool(handle.get(), pool);
}

Backend::~Backend() = default;

bool Backend::on_cpu() const { return processor_->threads != nullptr; }

std::unique_lock<std::mutex> Backend::busy() const { return std::unique_lock(processor_->busy); }

ggml_backend_buffer_type_t Backend::buffer_type() const {
    return ggml_backend_get_default_buffer_type(processor_->handle.get());
}

void Backend::require_supported(ggml_cgraph* graph) const {
    if (on_cpu()) return;
    for (int i = 0; i < ggml_graph_n_nodes(graph); ++i) {
        const ggml_tensor* node = ggml_graph_node(graph, i);
        const bool ours = node->op == GGML_OP_MAP_CUSTOM1 || node->op == GGML_OP_CUSTOM;
        if (!ours && ggml_backend_supports_op(processor_->handle.get(), node)) continue;
        throw Error(ErrorCode::unsupported_model,
                    "the device " + device_name(ggml_backend_get_device(processor_->handle.get())) +
                        " cannot compute " + ggml_op_desc(node) +
                        " as this model needs it; load it onto the device cpu");
    }
}

bool Backend::should_abort(void* self) {
    const auto* backend = static_cast<const Backend*>(self);
    switch (backend->abort_.load(std::memory_order_relaxed)) {
        case Abort::never:
            return false;
        case Abort::at_once:
            return true;
        case Abort::on_interrupt:
            return backend->interrupted_.load(std::memory_order_relaxed);
    }
    return false;
}

ggml_status Backend::run(ggml_cgraph* graph, Abort abort) {
    abort_.store(abort, std::memory_order_relaxed);
    ggml_backend_t const handle = processor_->handle.get();
    if (on_cpu()) {
        static const auto set_callback =
            cpu_function<ggml_backend_set_abort_callback_t>("ggml_backend_set_abort_callback");
        set_callback(handle, &Backend::should_abort, this);
    }
    const ggml_status status = ggml_backend_graph_compute(handle, graph);
    if (status == GGML_STATUS_ALLOC_FAILED) {
        throw Error(ErrorCode::out_of_memory, "the machine has no memory left to compute with");
    }
    assert(status == GGML_STATUS_SUCCESS || status == GGML_STATUS_ABORTED);
    return status;
}

void Backend::require_not_interrupted() {
    if (!interrupted_.exchange(false, std::memory_order_relaxed)) return;
    throw Error(ErrorCode::interrupted, "interrupted");
}

void Backend::compute(ggml_cgraph* graph) {
    require_not_interrupted();
    if (run(graph, Abort::on_interrupt) == GGML_STATUS_ABORTED) require_not_interrupted();
}

void Backend::compute_wholly(ggml_cgraph* graph) { run(graph, Abort::never); }

void Backend::reserve_work(ggml_cgraph* graph) { run(graph, Abort::at_once); }

}  // namespace infinipot
