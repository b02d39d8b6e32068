#include "model/decoder.h"

/// `granite`: Granite 3 and 4, dense. Like `llama`, with a factor each on embeddings, on what a
/// block adds and on q·k, and with logits divided by another. A file may switch RoPE off in all
/// layers. Source: IBM 2024, "Granite 3.0 Language Models".
namespace infinipot {

namespace {

class Granite : public Decoder {
   public:
    Granite(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, {.rope_factors = true}) {
        const auto factor = [&](const char* key) {  // 0: none
            const float value = metadata.number(key, 0.0f);
            return value == 0 ? 1.0f : value;
        };
        embedding_scale_ = factor("embedding_scale");
        residual_scale_ = factor("residual_scale");
        logit_scale_ = 1.0f / metadata.number("logit_scale");
        if (!metadata.flag("rope.scaling.finetuned", true)) rope_ = {};
    }
};

}  // namespace

ArchitecturePtr make_granite(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<Granite>(hparams, metadata, load);
}

}  // namespace infinipot
