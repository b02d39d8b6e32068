#pragma once

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <memory>
#include <vector>

/// Owners of ggml's objects. Comments write the dimensions of ggml tensors fastest first, `[ne0,
/// ne1, ...]`, and those of host arrays slowest first.
namespace infinipot {

template <auto free_function>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using ContextHandle = std::unique_ptr<ggml_context, FreeWith<ggml_free>>;
using BackendHandle = std::unique_ptr<ggml_backend, FreeWith<ggml_backend_free>>;
using BufferHandle = std::unique_ptr<ggml_backend_buffer, FreeWith<ggml_backend_buffer_free>>;
using AllocatorHandle = std::unique_ptr<ggml_gallocr, FreeWith<ggml_gallocr_free>>;

/// Makes a context that holds only the descriptions of up to `n_tensors` tensors, never their data.
ContextHandle make_description_context(std::size_t n_tensors);

/// Makes a tensor [ne0, ne1] that is set before its graph is computed.
ggml_tensor* new_input(ggml_context* context, ggml_type type, int ne0, int ne1, const char* name);

/// Allocates one buffer for all tensors described in `context` and fills it with zeros.
/// @throws Error(out_of_memory) naming `purpose`.
BufferHandle allocate_tensors(ggml_context* context, ggml_backend_buffer_type_t type,
                              const char* purpose);

/// Allocates one buffer whose content is undefined. For large tensors that many threads will write
/// completely: the threads then share the work of the first touch.
/// @throws Error(out_of_memory) naming `purpose`.
BufferHandle allocate_unset_tensors(ggml_context* context, ggml_backend_buffer_type_t type,
                                    const char* purpose);

/// Returns all elements of a contiguous F32 tensor: in place, or copied into `copy` if the CPU
/// cannot read the tensor's memory.
const float* read_from(const ggml_tensor* tensor, std::vector<float>& copy);

inline std::size_t n_elements(const ggml_tensor* tensor) {
    return static_cast<std::size_t>(ggml_nelements(tensor));
}

}  // namespace infinipot
