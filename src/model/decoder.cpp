#include "model/decoder.h"

namespace infinipot {

Decoder::Decoder(const Hparams& hparams, WeightLoader& load)
    : n_q_(hparams.n_embd_head * hparams.n_head),
      n_kv_(hparams.n_embd_head * hparams.n_head_kv),
      eps_(hparams.rms_norm_eps),
      attention_(hparams.attention()),
      embedding_(load.table("token_embd.weight", hparams.n_embd, hparams.n_vocab)),
      norm_(load.vector("output_norm.weight", hparams.n_embd)),
      head_(load.output_head(hparams.n_embd, hparams.n_vocab)) {}

ggml_tensor* Decoder::embed(GraphBuilder& g) const { return g.embed(embedding_); }

ggml_tensor* Decoder::final_norm(GraphBuilder& g, ggml_tensor* x) const {
    return g.rms_norm(x, norm_, eps_);
}

ggml_tensor* Decoder::logits(Operators& g, ggml_tensor* hidden) const {
    return g.softcap(g.logits(head_, hidden), final_softcap_);
}

Attention Decoder::attention(int /*il*/, int /*capacity*/) const { return attention_; }

}  // namespace infinipot
