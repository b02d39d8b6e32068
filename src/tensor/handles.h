#pragma once

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <memory>
#include <vector>

/// ggml's objects with owners. Dimensions of ggml tensors are written fastest first, `[ne0, ne1,
/// ...]`, in the comments that trail them; host arrays are slowest first.
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

/// A context that holds only the descriptions of up to `n_tensors` tensors, never their data.
ContextHandle make_description_context(std::size_t n_tensors);

/// A tensor [ne0, ne1] that is set before its graph is computed.
ggml_tensor* new_input(ggml_context* context, ggml_type type, int ne0, int ne1, const char* name);

/// One buffer for all tensors described in `context`, zeroed.
/// @throws Error(out_of_memory) naming `purpose`.
BufferHandle allocate_tensors(ggml_context* context, ggml_backend_buffer_type_t type,
                              const char* purpose);

/// The same, but what is in it is undefined: for much that many threads will write whole, which
/// then share the work of the first touch.
BufferHandle allocate_unset_tensors(ggml_context* context, ggml_backend_buffer_type_t type,
                                    const char* purpose);

/// All of a contiguous F32 tensor: where it lies, or copied into `copy` where the CPU cannot read
/// it.
const float* read_from(const ggml_tensor* tensor, std::vector<float>& copy);

inline std::size_t n_elements(const ggml_tensor* tensor) {
    return static_cast<std::size_t>(ggml_nelements(tensor));
}

}  // namespace infinipot
