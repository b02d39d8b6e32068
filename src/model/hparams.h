#pragma once

#include <string>

#include "cache/kv_cache.h"
#include "infinipot/kv_type.h"
#include "model/attention.h"

namespace infinipot {

class GgufFile;

/// What a GGUF file says of a model, in GGUF's own words.
struct Hparams {
    std::string architecture;
    int n_layer = 0;
    int n_embd = 0;
    int n_head = 0;
    int n_head_kv = 0;
    int n_embd_head = 0;
    int n_ff = 0;
    int n_vocab = 0;
    int n_ctx_train = 0;
    float rms_norm_eps = 0;
    float attention_scale = 0;  ///< what q·k is multiplied with
    int sliding_window = 0;     ///< asked for by the user, for a file that does not say it
    Rotation rotation;          ///< without its freq_factors, which are a tensor

    /// How a layer attends without soft cap and window.
    Attention attention() const { return {.rotation = rotation, .scale = attention_scale}; }

    /// @throws Error(invalid_argument) if heads do not consist of whole blocks of the type.
    CacheShape cache_shape(int capacity, KvType type = KvType::f16) const;
};

/// Reads what all decoder architectures have in common.
/// @throws Error(bad_model) if a value is missing or impossible, Error(unsupported_model) naming
///         what the file asks for and no graph of ours does.
Hparams read_hparams(const GgufFile& file);

}  // namespace infinipot
