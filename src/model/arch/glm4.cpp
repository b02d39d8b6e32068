#include "model/decoder.h"

/// `glm4`: GLM-4, 9B and 32B of 2025. Norms before and behind attention and feed-forward network,
/// biases on queries, keys and values, gate and up in one matrix, and RoPE on neighbouring pairs of
/// the first half of each head. Source: GLM Team 2024, arXiv 2406.12793.
namespace infinipot {

ArchitecturePtr make_glm4(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                          WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load,
                                     BlockLayout{.post_attention_norm = "post_attention_norm",
                                                 .ffn = FeedForwardKind::fused_swiglu,
                                                 .post_ffn_norm = "post_ffw_norm"});
}

}  // namespace infinipot
