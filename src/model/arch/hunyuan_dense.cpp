#include <cmath>

#include "model/decoder.h"

/// `hunyuan-dense`: Hunyuan 0.5B to 7B. Like `llama` with RoPE on halves, and with a norm over each
/// query and key head after RoPE. A rotation keeps a head's length, so the KV cache holds keys that
/// have been normalised before RoPE, and the weights of both norms multiply the rotated queries.
/// Source: Tencent 2025, "Hunyuan-7B".
namespace infinipot {

namespace {

class HunyuanDense : public Decoder {
   public:
    HunyuanDense(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, {.query_key_norm = QueryKeyNorm::each_head_after_rope}) {
        Rotation rotation = hparams.rotation;
        const float alpha = metadata.number("rope.scaling.alpha", 0.0f);
        const auto n = static_cast<float>(hparams.n_embd_head);
        if (alpha > 0) rotation.freq_base *= std::pow(alpha, n / (n - 2));
        // The norm undoes what YaRN does to a head's length. ggml multiplies by the logarithm.
        rotation.attn_factor = 1.0f;
        if (rotation.ext_factor != 0)
            rotation.attn_factor = 1.0f / (1.0f - 0.1f * std::log(rotation.freq_scale));
        rope_ = {rotation, rotation};
    }
};

}  // namespace

ArchitecturePtr make_hunyuan_dense(const Hparams& hparams, const GgufMetadata& metadata,
                                   WeightLoader& load) {
    return std::make_unique<HunyuanDense>(hparams, metadata, load);
}

}  // namespace infinipot
