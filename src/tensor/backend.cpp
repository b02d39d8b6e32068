#include "tensor/backend.h"

#include <cassert>
#include <string>

#include "infinipot/error.h"

namespace infinipot {

namespace {

/// A function that the CPU backend offers beyond ggml-backend.h.
template <typename Function>
Function cpu_function(const char* name) {
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(cpu_device());
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}

using NewThreadPool = ggml_threadpool_t (*)(ggml_threadpool_params*);
using FreeThreadPool = void (*)(ggml_threadpool_t);
using SetThreadPool = void (*)(ggml_backend_t, ggml_threadpool_t);

}  // namespace

ggml_backend_dev_t cpu_device() {
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (device == nullptr) {
        throw Error(ErrorCode::unsupported_model, "this build of ggml has no CPU backend");
    }
    return device;
}

std::vector<ggml_backend_buffer_type_t> cpu_weight_buffer_types() {
    const auto get =
        cpu_function<ggml_backend_dev_get_extra_bufts_t>("ggml_backend_dev_get_extra_bufts");
    std::vector<ggml_backend_buffer_type_t> types;
    if (get == nullptr) return types;
    for (ggml_backend_buffer_type_t* type = get(cpu_device()); type && *type; ++type) {
        types.push_back(*type);
    }
    return types;
}

/// Threads that live as long as the backend, so that computing starts and allocates nothing.
struct Backend::ThreadPool {
    explicit ThreadPool(int n_threads) {
        ggml_threadpool_params params = ggml_threadpool_params_default(n_threads);
        params.poll =
            1;  // of 100: from one graph to the next; an idle session does not keep cores busy
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

Backend::Backend(int n_threads)
    : handle_(ggml_backend_dev_init(cpu_device(), nullptr)),
      threads_(std::make_unique<ThreadPool>(n_threads)) {
    if (!handle_) throw Error(ErrorCode::out_of_memory, "the CPU backend could not be started");
    cpu_function<ggml_backend_set_n_threads_t>("ggml_backend_set_n_threads")(handle_.get(),
                                                                             n_threads);
    const auto set_pool = cpu_function<SetThreadPool>("ggml_backend_cpu_set_threadpool");
    if (set_pool != nullptr && threads_->pool != nullptr) set_pool(handle_.get(), threads_->pool);
    cpu_function<ggml_backend_set_abort_callback_t>("ggml_backend_set_abort_callback")(
        handle_.get(), &Backend::should_abort, this);
}

Backend::~Backend() { handle_.reset(); }  // before the threads it runs on

ggml_backend_buffer_type_t Backend::buffer_type() const {
    return ggml_backend_get_default_buffer_type(handle_.get());
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
    const ggml_status status = ggml_backend_graph_compute(handle_.get(), graph);
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
