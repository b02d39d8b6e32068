#include "model/decoder.h"

/// `phi3`: Phi-3, Phi-3.5 and Phi-4, mini and medium. Like `llama`, with gate and up in one matrix
/// and RoPE on halves, in some models of a part of each head. Models of 128K tokens use LongRoPE.
/// The sliding window that some files name is ignored, as in libllama. Source: Abdin et al. 2024,
/// arXiv 2404.14219.
namespace infinipot {

namespace {

class Phi3 : public Decoder {
   public:
    Phi3(const Hparams& hparams, WeightLoader& load)
        : Decoder(hparams, load, {.ffn = FeedForwardKind::fused_swiglu, .rope_factors = true}) {
        attention_.scale_queries = true;
    }
};

}  // namespace

ArchitecturePtr make_phi3(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                          WeightLoader& load) {
    return std::make_unique<Phi3>(hparams, load);
}

}  // namespace infinipot
