#include "model/hybrid_decoder.h"

/// `falcon-h1`: Falcon-H1. Each layer adds the results of attention and of Mamba 2, behind one
/// norm. Source: Zuo et al. 2025, arXiv 2507.22448.
namespace infinipot {

ArchitecturePtr make_falcon_h1(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                               WeightLoader& load) {
    return std::make_unique<HybridDecoder>(hparams, load, BlockLayout{}, RecurrentLayers::all);
}

}  // namespace infinipot
