#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>

namespace infinipot {

/// The result of causal_convolution().
struct Convolved {
    ggml_tensor* output;   ///< F32 [n_channels, n_tokens]
    ggml_tensor* history;  ///< a view of the inputs of the last tokens: [n_taps - 1, n_channels]
};

/// Convolves each channel of x by itself: output t is the sum over i of kernel i times input
/// t - n_taps + 1 + i. Inputs before the batch come from the history.
/// x: F32 [n_channels, n_tokens], with rows of any stride; history: F32 [n_taps - 1, n_channels];
/// kernel: F32 [n_taps, n_channels].
Convolved causal_convolution(ggml_context* context, ggml_tensor* history, ggml_tensor* kernel,
                             ggml_tensor* x);

}  // namespace infinipot
