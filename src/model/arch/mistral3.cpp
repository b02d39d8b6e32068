#include "model/decoder.h"

/// `mistral3`: Mistral Small 3 and Ministral 3. Like `llama`, with YaRN, whose magnitude may have a
/// multiplier of its own, and with queries that grow with their position. Source: Mistral AI 2025,
/// "Ministral 3".
namespace infinipot {

namespace {

class Mistral3 : public Decoder {
   public:
    Mistral3(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, {.rope_factors = true}) {
        attention_.temperature = {.scale = metadata.number("attention.temperature_scale", 0.0f),
                                  .span = hparams.rotation.n_ctx_orig};
    }
};

}  // namespace

ArchitecturePtr make_mistral3(const Hparams& hparams, const GgufMetadata& metadata,
                              WeightLoader& load) {
    return std::make_unique<Mistral3>(hparams, metadata, load);
}

}  // namespace infinipot
