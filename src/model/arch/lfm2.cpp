#include "model/hybrid_decoder.h"

/// `lfm2`: LFM2. Most layers are gated short convolutions; a layer whose count of KV heads is not 0
/// attends, with norms over each query and key head. Source: Liquid AI 2025, arXiv 2511.23404.
namespace infinipot {

ArchitecturePtr make_lfm2(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                          WeightLoader& load) {
    return std::make_unique<HybridDecoder>(
        hparams, load,
        BlockLayout{.query_key_norm = QueryKeyNorm::each_head, .output_norm = "token_embd_norm"});
}

}  // namespace infinipot
