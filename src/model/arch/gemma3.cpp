#include <cmath>

#include "model/decoder.h"

/// `gemma3`: Gemma 3, text only. Like `gemma2`, with norms over each query and key head before RoPE
/// instead of soft-capped attention; the KV cache holds keys after that norm. Five local layers,
/// whose RoPE has its own base and no scaling, are followed by a global one. Source: Gemma Team
/// 2025, arXiv 2503.19786.
namespace infinipot {

namespace {

// The model with this many layers does not scale its queries by the head size.
constexpr int n_layer_27b = 62;

constexpr BlockLayout layout = {
    .query_key_norm = QueryKeyNorm::each_head,
    .post_attention_norm = "post_attention_norm",
    .ffn = FeedForwardKind::geglu,
    .post_ffn_norm = "post_ffw_norm",
};

class Gemma3 : public Decoder {
   public:
    Gemma3(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, layout) {
        window_ = read_sliding_window(metadata, hparams.n_layer, 0, 6);
        embedding_scale_ = std::sqrt(static_cast<float>(hparams.n_embd));
        attention_.scale_queries = true;
        final_softcap_ = metadata.number("final_logit_softcapping", 0.0f);
        if (hparams.n_layer == n_layer_27b) {
            const int width = hparams.n_embd / hparams.n_head;  // not n_embd_head
            attention_.scale = 1.0f / std::sqrt(static_cast<float>(width));
        }
        Rotation local = hparams.rotation;
        local.freq_base = metadata.number("rope.freq_base_swa", 10000.0f);
        local.freq_scale = 1.0f;
        local_rope_ = LongRope{local, local};
    }
};

}  // namespace

ArchitecturePtr make_gemma3(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load) {
    return std::make_unique<Gemma3>(hparams, metadata, load);
}

}  // namespace infinipot
