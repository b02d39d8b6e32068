#include "model/operators.h"

#include "tensor/kernels/matmul/matmul.h"

namespace infinipot {

ggml_tensor* Operators::rms_norm(ggml_tensor* x, ggml_tensor* weight, float eps) {
    x = ggml_rms_norm(context_, x, eps);
    return weight == nullptr ? x : ggml_mul(context_, x, weight);
}

ggml_tensor* Operators::layer_norm(ggml_tensor* x, const Norm& norm, float eps) {
    x = ggml_mul(context_, ggml_norm(context_, x, eps), norm.weight);
    return norm.bias == nullptr ? x : ggml_add(context_, x, norm.bias);
}

ggml_tensor* Operators::linear(const Matrix& matrix, ggml_tensor* x) {
    ggml_tensor* y = matrix.packed
                         ? kernels::matmul(context_, matrix.type, matrix.weight,
                                           quantized(x, matrix.type), matrix.n_in, matrix.n_out)
                         : ggml_mul_mat(context_, matrix.weight, x);
    return matrix.bias == nullptr ? y : ggml_add(context_, y, matrix.bias);
}

ggml_tensor* Operators::logits(const OutputHead& head, ggml_tensor* hidden,
                               const kernels::LogitTransform& transform) {
    return softcap(scale(linear(head, hidden), transform.scale), transform.cap);
}

ggml_tensor* Operators::log_sums(const OutputHead& head, ggml_tensor* hidden,
                                 const kernels::LogitTransform& transform,
                                 const kernels::SummedTokens& summed, ggml_tensor* targets) {
    return kernels::log_sums(context_, head.type, head.weight, quantized(hidden, head.type), summed,
                             transform, targets);
}

ggml_tensor* Operators::quantized(ggml_tensor* x, ggml_type weights) {
    if (quantized_source_ != x || !kernels::share_quantized_rows(quantized_for_, weights)) {
        quantized_source_ = x;
        quantized_for_ = weights;
        quantized_result_ = kernels::quantize_rows(context_, weights, x);
    }
    return quantized_result_;
}

ggml_tensor* Operators::swiglu(ggml_tensor* gate, ggml_tensor* up) {
    return ggml_swiglu_split(context_, gate, up);
}

ggml_tensor* Operators::clamped_swiglu(ggml_tensor* gate, ggml_tensor* up) {
    return ggml_swiglu_oai(context_, gate, up, 1.702f, 7.0f);
}

ggml_tensor* Operators::geglu(ggml_tensor* gate, ggml_tensor* up) {
    return ggml_geglu_split(context_, gate, up);
}

ggml_tensor* Operators::gelu(ggml_tensor* x) { return ggml_gelu(context_, x); }

ggml_tensor* Operators::xielu(ggml_tensor* x, float alpha_n, float alpha_p, float beta, float eps) {
    return ggml_xielu(context_, x, alpha_n, alpha_p, beta, eps);
}

ggml_tensor* Operators::scale(ggml_tensor* x, float factor) {
    return factor == 1 ? x : ggml_scale(context_, x, factor);
}

ggml_tensor* Operators::softcap(ggml_tensor* x, float cap) {
    return cap == 0 ? x : scale(ggml_tanh(context_, scale(x, 1.0f / cap)), cap);
}

ggml_tensor* Operators::add(ggml_tensor* x, ggml_tensor* y) { return ggml_add(context_, x, y); }

}  // namespace infinipot
