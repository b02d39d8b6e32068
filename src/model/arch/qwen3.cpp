#include "model/decoder.h"

/// `qwen3`: Qwen 3, dense. Like `qwen2` without biases, and with a norm over each query and key
/// head before RoPE; the KV cache holds keys after that norm. Source: Yang et al. 2025, arXiv
/// 2505.09388.
namespace infinipot {

ArchitecturePtr make_qwen3(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                           WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load,
                                     BlockLayout{.query_key_norm = QueryKeyNorm::each_head});
}

}  // namespace infinipot
