#include "model/decoder.h"

/// `glm4moe`: GLM-4.5 and 4.6. Like `glm4` without norms behind the parts of a block, with RoPE on
/// halves, in the larger model with a norm over each query and key head, and with a mixture of
/// experts behind the first layers. Its router applies a sigmoid to each number and adds a bias to
/// choose, and one expert is shared by all tokens. The layers that predict several tokens are not
/// loaded. Source: GLM Team 2025, arXiv 2508.06471.
namespace infinipot {

namespace {

constexpr BlockLayout layout = {.query_key_norm = QueryKeyNorm::each_head,
                                .ffn_norm = "post_attention_norm",
                                .ffn = FeedForwardKind::experts,
                                .mixture = {.gating = Gating::sigmoid, .selection_bias = true},
                                .optional_query_key_norm = true};

class Glm4Moe : public Decoder {
   public:
    Glm4Moe(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, layout) {
        constexpr int softmax = 1, sigmoid = 2;  // of libllama's llama_expert_gating_func_type
        const int gating = metadata.count_or_none("expert_gating_func", 1 << 10, sigmoid);
        if (gating > sigmoid)
            metadata.unsupported("a router of another kind", "expert_gating_func");
        if (gating == softmax) mixture_.gating = Gating::softmax;
        mixture_.normalised = metadata.flag("expert_weights_norm", false);
        const float scale = metadata.number("expert_weights_scale", 0.0f);
        if (scale != 0) mixture_.scale = scale;
    }
};

}  // namespace

ArchitecturePtr make_glm4moe(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<Glm4Moe>(hparams, metadata, load);
}

}  // namespace infinipot
