#include "model/parallel_decoder.h"

/// `command-r`: Command R. Parallel blocks with LayerNorm, RoPE on neighbouring pairs, and scaled
/// logits. Command R+ also has a norm with a weight for each number of each query and key head.
/// Source: Cohere 2024, "Command R".
namespace infinipot {

namespace {

// Models of at least this many layers have norms of queries and keys.
constexpr int n_layer_plus = 64;

class CommandR : public ParallelDecoder {
   public:
    CommandR(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : ParallelDecoder(hparams, load,
                          hparams.n_layer >= n_layer_plus ? QueryKeyNorm::each_head_apart
                                                          : QueryKeyNorm::none) {
        const float scale = metadata.number("logit_scale", 0.0f);
        if (scale != 0) logit_scale_ = scale;
    }
};

}  // namespace

ArchitecturePtr make_command_r(const Hparams& hparams, const GgufMetadata& metadata,
                               WeightLoader& load) {
    return std::make_unique<CommandR>(hparams, metadata, load);
}

}  // namespace infinipot
