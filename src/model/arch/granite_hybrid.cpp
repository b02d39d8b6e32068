#include "model/granite_scales.h"
#include "model/hybrid_decoder.h"

/// `granitehybrid`: Granite 4 with Mamba 2. Most layers are Mamba 2; a layer whose count of KV
/// heads is not 0 attends, mostly without RoPE. Scales are those of `granite`. Source: IBM 2025,
/// "Granite 4.0"; Dao and Gu 2024, arXiv 2405.21060.
namespace infinipot {

namespace {

class GraniteHybrid : public HybridDecoder {
   public:
    GraniteHybrid(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : HybridDecoder(
              hparams, load,
              {.ffn = hparams.n_expert > 0 ? FeedForwardKind::experts : FeedForwardKind::swiglu,
               .rope_factors = true}) {
        const GraniteScales scales = read_granite_scales(metadata);
        embedding_scale_ = scales.embedding;
        residual_scale_ = scales.residual;
        logit_scale_ = scales.logit;
        if (!scales.has_rope) rope_ = {};
    }
};

}  // namespace

ArchitecturePtr make_granite_hybrid(const Hparams& hparams, const GgufMetadata& metadata,
                                    WeightLoader& load) {
    return std::make_unique<GraniteHybrid>(hparams, metadata, load);
}

}  // namespace infinipot
