#include <vector>

#include "model/decoder.h"

/// `apertus`: Apertus. Like `qwen3`, with a feed-forward network that has xIELU instead of a gate.
/// Source: Apertus Team 2025, arXiv 2509.14233; Huang and Schlag 2025, arXiv 2411.13010.
namespace infinipot {

namespace {

class Apertus : public Decoder {
   public:
    Apertus(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load,
                  {.query_key_norm = QueryKeyNorm::each_head,
                   .ffn = FeedForwardKind::own,
                   .rope_factors = true}),
          alpha_n_(metadata.of_layers("xielu.alpha_n", hparams.n_layer)),
          alpha_p_(metadata.of_layers("xielu.alpha_p", hparams.n_layer)),
          beta_(metadata.of_layers("xielu.beta", hparams.n_layer)),
          eps_(metadata.of_layers("xielu.eps", hparams.n_layer)) {
        for (int il = 0; il < hparams.n_layer; ++il) {
            ffn_.push_back(load.ungated_feed_forward("blk." + std::to_string(il), hparams.n_embd,
                                                     hparams.n_ff));
        }
    }

   protected:
    ggml_tensor* feed_forward(GraphBuilder& g, int il, ggml_tensor* x) const override {
        const auto i = static_cast<std::size_t>(il);
        ggml_tensor* up = g.linear(ffn_[i].up, x);
        return g.linear(ffn_[i].down, g.xielu(up, alpha_n_[i], alpha_p_[i], beta_[i], eps_[i]));
    }

   private:
    std::vector<float> alpha_n_, alpha_p_, beta_, eps_;  // one for each layer
    std::vector<FeedForward> ffn_;
};

}  // namespace

ArchitecturePtr make_apertus(const Hparams& hparams, const GgufMetadata& metadata,
                             WeightLoader& load) {
    return std::make_unique<Apertus>(hparams, metadata, load);
}

}  // namespace infinipot
