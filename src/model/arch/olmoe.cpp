#include "model/decoder.h"

/// `olmoe`: OLMoE. A mixture of experts in each layer, whose weights are the router's probabilities
/// as they are, and norms over all query and over all key heads before RoPE on halves. Source:
/// Muennighoff et al. 2024, arXiv 2409.02060.
namespace infinipot {

ArchitecturePtr make_olmoe(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                           WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load,
                                     BlockLayout{.query_key_norm = QueryKeyNorm::all_heads,
                                                 .ffn = FeedForwardKind::experts,
                                                 .mixture = {.normalised = false}});
}

}  // namespace infinipot
