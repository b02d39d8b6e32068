#include "tensor/device.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <mutex>

#include "infinipot/device.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

/// Log of ggml until capture_llama_log() replaces it together with libllama's.
void print_errors(ggml_log_level level, const char* text, void*) {
    if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

std::string lower_case(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
    return result;
}

bool is_gpu(ggml_backend_dev_t device) {
    const auto type = ggml_backend_dev_type(device);
    return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
}

/// Returns all devices that compute whole graphs, the CPU first. An accelerator that has only some
/// operations is not one of them.
std::vector<ggml_backend_dev_t> usable_devices() {
    std::vector<ggml_backend_dev_t> usable = {cpu_device()};
    for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        if (is_gpu(ggml_backend_dev_get(i))) usable.push_back(ggml_backend_dev_get(i));
    }
    return usable;
}

}  // namespace

ggml_backend_dev_t cpu_device() {
    static std::once_flag once;  // the first use of the registry starts all devices, which log
    std::call_once(once, [] { ggml_log_set(print_errors, nullptr); });
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (device == nullptr) {
        throw Error(ErrorCode::unsupported_model, "this build of ggml has no CPU backend");
    }
    return device;
}

ggml_backend_dev_t find_device(std::string_view name) {
    const std::vector<ggml_backend_dev_t> known = usable_devices();
    if (name.empty()) return known.size() > 1 ? known[1] : known[0];
    const std::string wanted = lower_case(name);
    if (wanted == "gpu" && known.size() > 1) return known[1];
    std::string names;
    for (ggml_backend_dev_t device : known) {
        if (lower_case(device_name(device)) == wanted) return device;
        names += (names.empty() ? "" : ", ") + device_name(device);
    }
    throw Error(ErrorCode::invalid_argument,
                "there is no device \"" + std::string(name) + "\" here; known: " + names +
                    (known.size() > 1 ? "" : " (GPUs need a build for them and a driver)"));
}

std::string device_name(ggml_backend_dev_t device) {
    return is_cpu(device) ? "cpu" : ggml_backend_dev_name(device);
}

ggml_backend_dev_t device_of(const ggml_tensor* tensor) {
    ggml_backend_dev_t device =
        ggml_backend_buft_get_device(ggml_backend_buffer_get_type(tensor->buffer));
    return device == nullptr ? cpu_device() : device;  // null for the CPU's own buffer types
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

std::vector<DeviceInfo> devices() {
    std::vector<DeviceInfo> result;
    for (ggml_backend_dev_t device : usable_devices()) {
        std::size_t free = 0, total = 0;
        ggml_backend_dev_memory(device, &free, &total);
        result.push_back({device_name(device), ggml_backend_dev_description(device), total, free});
    }
    return result;
}

}  // namespace infinipot
