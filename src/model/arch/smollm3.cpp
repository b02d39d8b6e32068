#include "model/decoder.h"

/// `smollm3`: SmolLM3. Like `llama`, but every fourth layer has no RoPE. Source: Bakouch et al.
/// 2025, "SmolLM3"; Yang et al. 2025, arXiv 2501.18795.
namespace infinipot {

namespace {

constexpr int rope_pattern = 4;

class SmolLm3 : public Decoder {
   public:
    using Decoder::Decoder;

    Attention attention(int il, int capacity) const override {
        Attention attention = Decoder::attention(il, capacity);
        if (il % rope_pattern == rope_pattern - 1) attention.rotation = {};
        return attention;
    }
};

}  // namespace

ArchitecturePtr make_smollm3(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                             WeightLoader& load) {
    return std::make_unique<SmolLm3>(hparams, load);
}

}  // namespace infinipot
