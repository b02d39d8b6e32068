#include "tensor/handles.h"

#include <string>

#include "infinipot/error.h"

namespace infinipot {

ContextHandle make_description_context(std::size_t n_tensors) {
    ContextHandle context(ggml_init(
        {.mem_size = n_tensors * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
    if (!context) throw Error(ErrorCode::out_of_memory, "no memory for tensor descriptions");
    return context;
}

BufferHandle allocate_tensors(ggml_context* context, ggml_backend_buffer_type_t type,
                              const char* purpose) {
    BufferHandle buffer = allocate_unset_tensors(context, type, purpose);
    ggml_backend_buffer_clear(buffer.get(), 0);
    return buffer;
}

BufferHandle allocate_unset_tensors(ggml_context* context, ggml_backend_buffer_type_t type,
                                    const char* purpose) {
    const std::size_t bytes = ggml_backend_alloc_ctx_tensors_from_buft_size(context, type);
    BufferHandle buffer(ggml_backend_alloc_ctx_tensors_from_buft(context, type));
    if (!buffer) {
        throw Error(ErrorCode::out_of_memory, "the machine has no " + std::to_string(bytes >> 20) +
                                                  " MiB of memory for " + purpose +
                                                  "; choose a smaller budget");
    }
    return buffer;
}

const float* read_from(const ggml_tensor* tensor, std::vector<float>& copy) {
    if (ggml_backend_buffer_is_host(tensor->buffer)) return static_cast<const float*>(tensor->data);
    copy.resize(n_elements(tensor));
    ggml_backend_tensor_get(tensor, copy.data(), 0, ggml_nbytes(tensor));
    return copy.data();
}

ggml_tensor* new_input(ggml_context* context, ggml_type type, int ne0, int ne1, const char* name) {
    ggml_tensor* tensor = ggml_new_tensor_2d(context, type, ne0, ne1);
    ggml_set_input(tensor);
    return ggml_set_name(tensor, name);
}

}  // namespace infinipot
