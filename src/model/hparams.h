#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "cache/kv_cache.h"
#include "infinipot/kv_type.h"
#include "model/attention.h"
#include "model/recurrent/shape.h"

namespace infinipot {

class GgufFile;

/// What a norm divides by: the root mean square, or the standard deviation after the mean has been
/// subtracted (LayerNorm).
enum class NormKind { rms, layer };

/// Hyperparameters of a model, as its GGUF file has them. Names are GGUF's.
struct Hparams {
    std::string architecture;
    int n_layer = 0;            ///< without n_layer_skipped
    std::vector<bool> attends;  ///< of each layer; those that do not are recurrent
    RecurrentShape recurrent;
    int n_embd = 0;
    int n_head = 0;  ///< of the attending layers, which are alike
    int n_head_kv = 0;
    int n_embd_head = 0;
    int n_ff = 0;
    int n_expert = 0;       ///< 0: no mixture of experts
    int n_expert_used = 0;  ///< for each token
    int n_ff_expert = 0;
    int n_ff_shared = 0;      ///< of the expert that every token uses; 0: none
    int n_layer_dense = 0;    ///< first layers, which have no experts
    int n_layer_skipped = 0;  ///< last layers of the file, which predict several tokens at once
    int n_vocab = 0;
    int n_ctx_train = 0;
    NormKind norm = NormKind::rms;
    float norm_eps = 0;
    float attention_scale = 0;  ///< factor of q·k
    int sliding_window = 0;     ///< ModelOptions::sliding_window, for a file that omits it
    Rotation rotation;          ///< without freq_factors, which are a tensor

    /// Returns the number of layers that attend.
    int n_attending() const { return static_cast<int>(std::ranges::count(attends, true)); }

    /// Returns the attention of a layer without soft cap and window.
    Attention attention() const { return {.rotation = rotation, .scale = attention_scale}; }

    /// Returns the shape of a KV cache of `n_layers` layers.
    /// @throws Error(invalid_argument) if the head size is no multiple of the type's block size.
    CacheShape cache_shape(int n_layers, int capacity, KvType type = KvType::f16) const;
};

/// Reads the hyperparameters that all decoder architectures share.
/// @throws Error(bad_model) if a value is missing or impossible.
/// @throws Error(unsupported_model) naming a feature that the file needs and no graph implements.
Hparams read_hparams(const GgufFile& file);

}  // namespace infinipot
