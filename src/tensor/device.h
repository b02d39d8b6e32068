#pragma once

#include <ggml-backend.h>

#include <string>
#include <string_view>
#include <vector>

/// Devices of ggml's registry. A device holds weights and KV cache and computes graphs.
namespace infinipot {

/// Returns the CPU device of ggml's registry.
ggml_backend_dev_t cpu_device();

/// Returns the device that a user names: "cpu", "gpu" for the first GPU, or the result of
/// device_name() in any case. "" is the first GPU of this build, or the CPU if there is none.
/// @throws Error(invalid_argument) with a list of the devices.
ggml_backend_dev_t find_device(std::string_view name);

/// Returns "cpu", or ggml's name for another device: "CUDA0".
std::string device_name(ggml_backend_dev_t device);

inline bool is_cpu(ggml_backend_dev_t device) { return device == cpu_device(); }

/// Returns the device whose memory holds a tensor.
ggml_backend_dev_t device_of(const ggml_tensor* tensor);

/// Returns the buffer types in which the CPU keeps weights in layouts of its own (AMX tiles,
/// interleaved rows), the best first. Empty if there are none.
std::vector<ggml_backend_buffer_type_t> cpu_weight_buffer_types();

/// Returns a function of the CPU backend that is not in ggml-backend.h, or null.
template <typename Function>
Function cpu_function(const char* name) {
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(cpu_device());
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}

}  // namespace infinipot
