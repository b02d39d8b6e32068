#include "model/decoder.h"
#include "model/granite_scales.h"

/// `granite`: Granite 3 and 4, dense. Like `llama`, with a factor each on embeddings, on what a
/// block adds and on q·k, and with logits divided by another. A file may switch RoPE off in all
/// layers. Source: IBM 2024, "Granite 3.0 Language Models".
namespace infinipot {

namespace {

class Granite : public Decoder {
   public:
    Granite(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, {.rope_factors = true}) {
        const GraniteScales scales = read_granite_scales(metadata);
        embedding_scale_ = scales.embedding;
        residual_scale_ = scales.residual;
        logit_scale_ = scales.logit;
        if (!scales.has_rope) rope_ = {};
    }
};

}  // namespace

ArchitecturePtr make_granite(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<Granite>(hparams, metadata, load);
}

}  // namespace infinipot
