#include "model/hybrid_decoder.h"

/// `lfm2` and `lfm2moe`: LFM2, dense or with experts. Most layers are gated short convolutions; a
/// layer whose count of KV heads is not 0 attends, with norms over each query and key head. The
/// router of `lfm2moe` applies a sigmoid to each number and adds a bias to choose; its first layers
/// have no experts. Source: Liquid AI 2025, arXiv 2511.23404.
namespace infinipot {

ArchitecturePtr make_lfm2(const Hparams& hparams, const GgufMetadata& metadata,
                          WeightLoader& load) {
    const bool has_experts = hparams.n_expert > 0;
    constexpr int sigmoid = 2;  // of libllama's llama_expert_gating_func_type
    const char* gating = "expert_gating_func";
    if (has_experts && metadata.count_or_none(gating, 1 << 10, sigmoid) != sigmoid)
        metadata.unsupported("a router of another kind", gating);
    return std::make_unique<HybridDecoder>(
        hparams, load,
        BlockLayout{.query_key_norm = QueryKeyNorm::each_head,
                    .ffn = has_experts ? FeedForwardKind::experts : FeedForwardKind::swiglu,
                    .mixture = {.gating = Gating::sigmoid, .selection_bias = true},
                    .output_norm = "token_embd_norm"});
}

}  // namespace infinipot
