#include "model/decoder.h"

/// `starcoder2`: StarCoder 2 and Granite Code of 20B and 34B. LayerNorm, biases on all matrices,
/// RoPE on halves, and a feed-forward network with GELU instead of a gate. Source: Lozhkov et al.
/// 2024, arXiv 2402.19173.
namespace infinipot {

ArchitecturePtr make_starcoder2(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                                WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load, BlockLayout{.ffn = FeedForwardKind::gelu});
}

}  // namespace infinipot
