#include <utility>

#include "model/parallel_decoder.h"

/// `cohere2`: Command R7B and Command A. Like `command-r`; three local layers are followed by a
/// global one without RoPE. Source: Cohere 2025, arXiv 2504.00698.
namespace infinipot {

namespace {

class Cohere2 : public ParallelDecoder {
   public:
    Cohere2(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : ParallelDecoder(hparams, load, QueryKeyNorm::none) {
        window_ = read_sliding_window(metadata, hparams.n_layer, 0, 4);
        if (window_.size == 0) metadata.damaged("it has no sliding window");
        local_rope_ = std::exchange(rope_, {});
        const float scale = metadata.number("logit_scale");
        if (scale != 0) logit_scale_ = scale;
    }
};

}  // namespace

ArchitecturePtr make_cohere2(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<Cohere2>(hparams, metadata, load);
}

}  // namespace infinipot
