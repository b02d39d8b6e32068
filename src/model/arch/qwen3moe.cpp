#include "model/decoder.h"

/// `qwen3moe`: Qwen 3 with experts. Like `qwen3`, with a mixture of experts in each layer. Source:
/// Yang et al. 2025, arXiv 2505.09388.
namespace infinipot {

ArchitecturePtr make_qwen3moe(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                              WeightLoader& load) {
    return std::make_unique<Decoder>(
        hparams, load,
        BlockLayout{.query_key_norm = QueryKeyNorm::each_head, .ffn = FeedForwardKind::experts});
}

}  // namespace infinipot
