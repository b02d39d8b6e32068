#pragma once

#include "model/decoder.h"

namespace infinipot {

/// A decoder whose blocks run attention and feed-forward network side by side, behind one norm:
/// x + attend(norm x) + feed_forward(norm x). Source: Wang and Komatsuzaki 2021, GPT-J.
class ParallelDecoder : public Decoder {
   public:
    ParallelDecoder(const Hparams& hparams, WeightLoader& load, QueryKeyNorm query_key_norm)
        : Decoder(hparams, load, {.query_key_norm = query_key_norm, .ffn_norm = nullptr}) {}

   protected:
    ggml_tensor* block(GraphBuilder& g, int il, ggml_tensor* x) const override {
        ggml_tensor* h = norm(g, x, layer(il).attention_norm);
        ggml_tensor* attended = attend(g, il, h);
        return g.add(g.add(feed_forward(g, il, h), x), attended);
    }
};

}  // namespace infinipot
