#include "model/hybrid_decoder.h"
#include "model/rope_axes.h"

/// `qwen35` and `qwen35moe`: Qwen3.5, text only. Like `qwen3next`, and dense or with experts. RoPE
/// has several axes, which are equal in a text. Source: Qwen Team 2026, "Qwen3.5".
namespace infinipot {

ArchitecturePtr make_qwen35(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load) {
    require_equal_axes(metadata, hparams.rotation.n_rot);
    return std::make_unique<HybridDecoder>(
        hparams, load,
        BlockLayout{
            .query_key_norm = QueryKeyNorm::each_head,
            .ffn_norm = "post_attention_norm",
            .ffn = hparams.n_expert > 0 ? FeedForwardKind::experts : FeedForwardKind::swiglu,
            .gated_attention = true});
}

}  // namespace infinipot
