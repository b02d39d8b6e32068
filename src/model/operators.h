#pragma once

#include "model/weights.h"

namespace infinipot {

/// Tensor operations in the words of a model's paper. Activations are [features, n_tokens], F32.
/// Lives while one graph is built.
class Operators {
   public:
    /// targets: I32 [n_tokens], for logits() of them, or null.
    explicit Operators(ggml_context* context, ggml_tensor* targets = nullptr)
        : context_(context), targets_(targets) {}

    ggml_context* context() const { return context_; }

    /// weight * x / sqrt(mean(x^2) + eps), over the features.
    ggml_tensor* rms_norm(ggml_tensor* x, ggml_tensor* weight, float eps);

    /// W x + b: [n_in, n_tokens] -> [n_out, n_tokens]. Neighbouring calls with the same x share the
    /// work of preparing it.
    ggml_tensor* linear(const Matrix& matrix, ggml_tensor* x);

    /// [n_embd, n_tokens] -> [n_vocab, n_tokens]; with targets those of the frequent tokens and
    /// then each target's own: [n_frequent + 1, n_tokens].
    ggml_tensor* logits(const OutputHead& head, ggml_tensor* hidden);

    /// silu(gate) * up.
    ggml_tensor* swiglu(ggml_tensor* gate, ggml_tensor* up);

    /// gelu(gate) * up, with gelu's tanh approximation.
    ggml_tensor* geglu(ggml_tensor* gate, ggml_tensor* up);

    ggml_tensor* scale(ggml_tensor* x, float factor);

    /// cap * tanh(x / cap): keeps x between -cap and cap. A cap of 0 leaves x as it is.
    ggml_tensor* softcap(ggml_tensor* x, float cap);

    ggml_tensor* add(ggml_tensor* x, ggml_tensor* y);

   private:
    ggml_tensor* quantized(ggml_tensor* x, ggml_type weights);

    ggml_context* context_;
    ggml_tensor* targets_;
    ggml_tensor* quantized_source_ = nullptr;  // what quantized_result_ was made from
    ggml_type quantized_for_ = GGML_TYPE_F32;
    ggml_tensor* quantized_result_ = nullptr;
};

}  // namespace infinipot
