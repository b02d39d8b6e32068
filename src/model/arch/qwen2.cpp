#include "model/decoder.h"

/// `qwen2`: Qwen 1.5, 2 and 2.5. Like `llama`, with RoPE on halves and with biases on queries, keys
/// and values, which attention_projections() loads. Source: Yang et al. 2024, arXiv 2407.10671.
namespace infinipot {

ArchitecturePtr make_qwen2(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                           WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load);
}

}  // namespace infinipot
