#include <cmath>

#include "model/decoder.h"

/// `gemma2`: Gemma 2. Norms before and behind attention and feed-forward, scaled embeddings, GeGLU,
/// RoPE on halves. Attention and output logits are soft-capped. Every second layer is local, from
/// the first on. Source: Gemma Team 2024, arXiv 2408.00118.
namespace infinipot {

namespace {

// The model with this many layers does not scale its queries by the head size.
constexpr int n_layer_27b = 46;

constexpr BlockLayout layout = {
    .post_attention_norm = "post_attention_norm",
    .ffn = FeedForwardKind::geglu,
    .post_ffn_norm = "post_ffw_norm",
};

class Gemma2 : public Decoder {
   public:
    Gemma2(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, layout) {
        window_ = read_sliding_window(metadata, hparams.n_layer, 4096, 2);
        embedding_scale_ = std::sqrt(static_cast<float>(hparams.n_embd));
        attention_.softcap = metadata.number("attn_logit_softcapping", 50.0f);
        attention_.scale_queries = true;
        final_softcap_ = metadata.number("final_logit_softcapping", 30.0f);
        if (hparams.n_layer == n_layer_27b) {
            const int width = hparams.n_embd / hparams.n_head;  // not n_embd_head
            attention_.scale = 1.0f / std::sqrt(static_cast<float>(width));
        }
        Rotation local = hparams.rotation;
        local.freq_base = metadata.number("rope.freq_base_swa", local.freq_base);
        local_rope_ = LongRope{local, local};
    }
};

}  // namespace

ArchitecturePtr make_gemma2(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load) {
    return std::make_unique<Gemma2>(hparams, metadata, load);
}

}  // namespace infinipot
