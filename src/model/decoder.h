#pragma once

#include <string>

#include "model/architecture.h"

namespace infinipot {

/// Base class with the parts that all decoder-only transformers share: embedding, final norm,
/// output head and the sizes of the attention projections. A file in arch/ derives from it, loads
/// its layers and implements hidden().
class Decoder : public Architecture {
   public:
    /// Builds the output head's logits, soft-capped with `final_softcap_`.
    ggml_tensor* logits(Operators& g, ggml_tensor* hidden) const override;

    /// Returns `attention_` for every layer and every capacity.
    Attention attention(int il, int capacity) const override;

   protected:
    /// Names `token_embd`, `output_norm` and the output head.
    Decoder(const Hparams& hparams, WeightLoader& load);

    /// Returns `blk.IL`, the beginning of the names of a layer's tensors.
    static std::string prefix(int il) { return "blk." + std::to_string(il); }

    /// Builds the embeddings of the batch's tokens: [n_embd, n_tokens].
    ggml_tensor* embed(GraphBuilder& g) const;

    /// Applies the final norm to x [n_embd, n_tokens]: the result of hidden().
    ggml_tensor* final_norm(GraphBuilder& g, ggml_tensor* x) const;

    int n_q_;   // rows of the query projection: n_embd_head * n_head
    int n_kv_;  // rows of the key and of the value projection: n_embd_head * n_head_kv
    float eps_;
    Attention attention_;
    float final_softcap_ = 0;  // 0: none

   private:
    ggml_tensor* embedding_;
    ggml_tensor* norm_;
    OutputHead head_;
};

}  // namespace infinipot
