#include "model/decoder.h"

/// `ernie4_5`: ERNIE 4.5, dense. Like `llama` without factors of RoPE's frequencies. Source: Baidu
/// 2025, "ERNIE 4.5 Technical Report".
namespace infinipot {

ArchitecturePtr make_ernie4_5(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                              WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load);
}

}  // namespace infinipot
