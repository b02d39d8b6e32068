#include "model/decoder.h"

/// `olmo2`: OLMo 2 and 3. Norms behind attention and feed-forward network instead of before them,
/// and one norm over all query heads and one over all key heads before RoPE on halves. OLMo 3 adds
/// three local layers before each global one, whose RoPE is not scaled. Source: OLMo Team 2024,
/// arXiv 2501.00656.
namespace infinipot {

namespace {

constexpr BlockLayout layout = {
    .attention_norm = nullptr,
    .query_key_norm = QueryKeyNorm::all_heads,
    .post_attention_norm = "post_attention_norm",
    .ffn_norm = nullptr,
    .post_ffn_norm = "post_ffw_norm",
};

class Olmo2 : public Decoder {
   public:
    Olmo2(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, layout) {
        window_ = read_sliding_window(metadata, hparams.n_layer, 0, 4);
        Rotation local = hparams.rotation;
        local.freq_scale = 1.0f;
        local.ext_factor = 0.0f;
        local.attn_factor = 1.0f;
        local_rope_ = LongRope{local, local};
    }
};

}  // namespace

ArchitecturePtr make_olmo2(const Hparams& hparams, const GgufMetadata& metadata,
                           WeightLoader& load) {
    return std::make_unique<Olmo2>(hparams, metadata, load);
}

}  // namespace infinipot
