#include "model/hybrid_decoder.h"

/// `qwen3next`: Qwen3-Next. Three gated delta nets are followed by a layer of gated attention with
/// partial RoPE. Each layer has a mixture of experts with a shared one. Source: Qwen Team 2025,
/// "Qwen3-Next"; Yang et al. 2024, arXiv 2412.06464.
namespace infinipot {

ArchitecturePtr make_qwen3next(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                               WeightLoader& load) {
    return std::make_unique<HybridDecoder>(hparams, load,
                                           BlockLayout{.query_key_norm = QueryKeyNorm::each_head,
                                                       .ffn_norm = "post_attention_norm",
                                                       .ffn = FeedForwardKind::experts,
                                                       .gated_attention = true});
}

}  // namespace infinipot
