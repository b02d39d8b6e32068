#include "model/decoder.h"

/// `gpt-oss`: gpt-oss 20B and 120B. Attention with a sink for each head, every other layer with a
/// sliding window, biases on all matrices, and a mixture of experts in each layer with a clamped
/// SwiGLU. The router's softmax is over the chosen experts. Source: OpenAI 2025, arXiv 2508.10925.
namespace infinipot {

namespace {

constexpr BlockLayout layout = {.ffn_norm = "post_attention_norm",
                                .ffn = FeedForwardKind::experts,
                                .mixture = {.gating = Gating::softmax_of_chosen,
                                            .normalised = false,
                                            .biases = true,
                                            .clamped = true},
                                .sinks = true};

class GptOss : public Decoder {
   public:
    GptOss(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, layout) {
        window_ = read_sliding_window(metadata, hparams.n_layer, 0, 2);
        Rotation local = hparams.rotation;
        local.freq_base = metadata.number("rope.freq_base_swa", local.freq_base);
        local_rope_ = LongRope{local, local};
    }
};

}  // namespace

ArchitecturePtr make_gpt_oss(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<GptOss>(hparams, metadata, load);
}

}  // namespace infinipot
