#include "model/decoder.h"

/// `llama`: LLaMA 2 to 3.2, Mistral, TinyLlama, SmolLM2 and all models exported under that name.
/// Pre-norm decoder, RoPE on neighbouring pairs, grouped-query attention, SwiGLU. LLaMA 3.1's
/// frequency scaling comes as the tensor rope_freqs, LongRoPE's as two tensors. All layers are
/// local if the file or ModelOptions sets a window (Mistral 7B v0.1). Mixtral is a file with
/// experts. Source: Touvron et al. 2023, arXiv 2302.13971.
namespace infinipot {

namespace {

class Llama : public Decoder {
   public:
    Llama(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load,
                  {.ffn = hparams.n_expert > 0 ? FeedForwardKind::experts : FeedForwardKind::swiglu,
                   .rope_factors = true}) {
        window_ = read_sliding_window(metadata, hparams.n_layer, 0, 0);
        if (hparams.sliding_window > 0) window_.size = hparams.sliding_window;
    }
};

}  // namespace

ArchitecturePtr make_llama(const Hparams& hparams, const GgufMetadata& metadata,
                           WeightLoader& load) {
    return std::make_unique<Llama>(hparams, metadata, load);
}

}  // namespace infinipot
