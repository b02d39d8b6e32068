#pragma once

#include <ggml-backend.h>

#include <string>
#include <string_view>
#include <vector>

/// Where a model's weights and the pot lie and graphs are computed: a device of ggml's registry.
namespace infinipot {

/// The CPU device of ggml's registry.
ggml_backend_dev_t cpu_device();

/// The device that a user names: "cpu", "gpu" for the first GPU, a name as device_name() gives it
/// in any case, or "" for the first GPU of this build, else the CPU.
/// @throws Error(invalid_argument) naming the devices that there are.
ggml_backend_dev_t find_device(std::string_view name);

/// "cpu", or as ggml calls it: "CUDA0".
std::string device_name(ggml_backend_dev_t device);

inline bool is_cpu(ggml_backend_dev_t device) { return device == cpu_device(); }

/// The device whose memory a tensor lies in.
ggml_backend_dev_t device_of(const ggml_tensor* tensor);

/// Buffer types in which the CPU keeps weights in a layout of its own (AMX tiles, interleaved
/// rows), the best first. Empty where there are none.
std::vector<ggml_backend_buffer_type_t> cpu_weight_buffer_types();

/// A function that the CPU backend offers beyond ggml-backend.h; null if it does not.
template <typename Function>
Function cpu_function(const char* name) {
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(cpu_device());
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}

}  // namespace infinipot
