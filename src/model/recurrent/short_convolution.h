#pragma once

#include <string>

#include "model/operators.h"
#include "model/recurrent/layer_state.h"
#include "model/recurrent/shape.h"

namespace infinipot {

/// A gated short convolution: [b, c, x'] = in x, and the result is out (c * convolve(b * x')).
/// Source: Liquid AI 2025, LFM2, arXiv 2511.23404.
struct ShortConvolution {
    Matrix in;                      ///< [n_embd, 3 n_embd]
    ggml_tensor* kernel = nullptr;  ///< F32 [n_taps, n_embd]
    Matrix out;                     ///< [n_embd, n_embd]
};

/// Names `prefix.shortconv.in_proj`, `.conv` and `.out_proj`.
ShortConvolution name_short_convolution(WeightLoader& load, const std::string& prefix,
                                        const RecurrentShape& shape);

/// Builds the layer. x: [n_embd, n_tokens].
Recurred short_convolution(Operators& g, const ShortConvolution& layer, const LayerState& before,
                           ggml_tensor* x);

}  // namespace infinipot
