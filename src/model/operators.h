#pragma once

#include "model/weights.h"
#include "tensor/kernels/matmul/log_sums.h"

namespace infinipot {

/// Tensor operations in the words of a model's paper. Activations are F32 [features, n_tokens].
/// Lives while one graph is built.
class Operators {
   public:
    explicit Operators(ggml_context* context) : context_(context) {}

    ggml_context* context() const { return context_; }

    /// Returns weight * x / sqrt(mean(x^2) + eps); the mean is over the features. A weight of null
    /// counts as 1.
    ggml_tensor* rms_norm(ggml_tensor* x, ggml_tensor* weight, float eps);

    /// Returns weight * (x - mean(x)) / sqrt(variance(x) + eps) + bias. A bias of null counts as 0.
    ggml_tensor* layer_norm(ggml_tensor* x, const Norm& norm, float eps);

    /// Returns W x + b: [n_in, n_tokens] -> [n_out, n_tokens]. Consecutive calls with the same x
    /// share its quantisation.
    ggml_tensor* linear(const Matrix& matrix, ggml_tensor* x);

    /// Returns logits: [n_embd, n_tokens] -> [n_vocab, n_tokens].
    ggml_tensor* logits(const OutputHead& head, ggml_tensor* hidden,
                        const kernels::LogitTransform& transform);

    /// Returns what the surprisal of one token behind each position needs, kernels::log_sums() of
    /// the logits: [n_log_sums(summed) + 1, n_tokens]. For OutputHead::sums_up() alone.
    /// targets: I32 [n_tokens].
    ggml_tensor* log_sums(const OutputHead& head, ggml_tensor* hidden,
                          const kernels::LogitTransform& transform,
                          const kernels::SummedTokens& summed, ggml_tensor* targets);

    /// Returns silu(gate) * up.
    ggml_tensor* swiglu(ggml_tensor* gate, ggml_tensor* up);

    /// Returns g / (1 + exp(-1.702 g)) * (u + 1), where g = min(gate, 7), and u is `up` clamped to
    /// -7..7. Source: OpenAI 2025, arXiv 2508.10925.
    ggml_tensor* clamped_swiglu(ggml_tensor* gate, ggml_tensor* up);

    /// Returns gelu(gate) * up, with gelu's tanh approximation.
    ggml_tensor* geglu(ggml_tensor* gate, ggml_tensor* up);

    /// Returns gelu(x), in gelu's tanh approximation.
    ggml_tensor* gelu(ggml_tensor* x);

    /// Returns xIELU: alpha_p' x^2 + beta x where x > 0, else alpha_n' (exp(min(x, eps)) - 1 - x) +
    /// beta x. alpha_p' = softplus(alpha_p), and alpha_n' = beta + softplus(alpha_n).
    ggml_tensor* xielu(ggml_tensor* x, float alpha_n, float alpha_p, float beta, float eps);

    /// Returns factor * x. A factor of 1 returns x.
    ggml_tensor* scale(ggml_tensor* x, float factor);

    /// Returns cap * tanh(x / cap), which is between -cap and cap. A cap of 0 returns x.
    ggml_tensor* softcap(ggml_tensor* x, float cap);

    ggml_tensor* add(ggml_tensor* x, ggml_tensor* y);

   private:
    ggml_tensor* quantized(ggml_tensor* x, ggml_type weights);

    ggml_context* context_;
    ggml_tensor* quantized_source_ = nullptr;  // input of quantized_result_
    ggml_type quantized_for_ = GGML_TYPE_F32;
    ggml_tensor* quantized_result_ = nullptr;
};

}  // namespace infinipot
