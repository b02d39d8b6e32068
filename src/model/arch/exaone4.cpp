#include <utility>

#include "model/decoder.h"

/// `exaone4`: EXAONE 4.0. Norms behind attention and feed-forward network and over each query and
/// key head, RoPE on halves. In the model of 32B, three local layers are followed by a global one
/// without RoPE. Source: LG AI Research 2025, arXiv 2507.11407.
namespace infinipot {

namespace {

// Only the model with this many layers has local ones, as in libllama.
constexpr int n_layer_32b = 64;

constexpr BlockLayout layout = {
    .attention_norm = nullptr,
    .query_key_norm = QueryKeyNorm::each_head,
    .post_attention_norm = "post_attention_norm",
    .ffn_norm = nullptr,
    .post_ffn_norm = "post_ffw_norm",
    .rope_factors = true,
};

class Exaone4 : public Decoder {
   public:
    Exaone4(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load, layout) {
        if (hparams.n_layer != n_layer_32b) return;
        window_ = read_sliding_window(metadata, hparams.n_layer, 4096, 4);
        if (window_.size > 0) local_rope_ = std::exchange(rope_, {});
    }
};

}  // namespace

ArchitecturePtr make_exaone4(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<Exaone4>(hparams, metadata, load);
}

}  // namespace infinipot
