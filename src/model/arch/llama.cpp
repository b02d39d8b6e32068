#include "model/architecture.h"
#include "model/long_rope.h"
#include "model/sliding_window.h"

/// `llama`: LLaMA 2 to 3.2, Mistral, TinyLlama, SmolLM2 and whatever else is exported under that
/// name. Pre-norm decoder, RoPE on neighbouring pairs, grouped-query attention, SwiGLU. LLaMA 3.1's
/// frequency scaling comes as the tensor rope_freqs, LongRoPE's as two tensors. All layers are
/// local if a file or Mistral 0.1's user asks for a window. Source: Touvron et al. 2023, arXiv
/// 2302.13971.
namespace infinipot {

namespace {

class Llama : public Architecture {
   public:
    Llama(const Hparams& hparams, const GgufMetadata& keys, WeightLoader& load)
        : attention_(hparams.attention()),
          window_(read_sliding_window(keys, hparams.n_layer, 0, 0)),
          eps_(hparams.rms_norm_eps) {
        if (hparams.sliding_window > 0) window_.size = hparams.sliding_window;
        const int n_q = hparams.n_embd_head * hparams.n_head;
        const int n_kv = hparams.n_embd_head * hparams.n_head_kv;
        embedding_ = load.table("token_embd.weight", hparams.n_embd, hparams.n_vocab);
        for (int il = 0; il < hparams.n_layer; ++il) {
            const std::string prefix = "blk." + std::to_string(il);
            layers_.push_back({
                .attention_norm = load.vector(prefix + ".attn_norm.weight", hparams.n_embd),
                .project = load.attention_projections(prefix, hparams.n_embd, n_q, n_kv),
                .output = load.matrix(prefix + ".attn_output", n_q, hparams.n_embd),
                .ffn_norm = load.vector(prefix + ".ffn_norm.weight", hparams.n_embd),
                .ffn = load.feed_forward(prefix, hparams.n_embd, hparams.n_ff),
            });
        }
        norm_ = load.vector("output_norm.weight", hparams.n_embd);
        head_ = load.head(hparams.n_embd, hparams.n_vocab);
        rope_ = load_long_rope(hparams.rotation, load);
        if (load.has("rope_freqs.weight")) {
            rope_.within.freq_factors = rope_.beyond.freq_factors =
                load.vector("rope_freqs.weight", hparams.rotation.n_rot / 2);
        }
    }

    ggml_tensor* hidden(GraphBuilder& g) const override {
        ggml_tensor* x = g.embed(embedding_);  // [n_embd, n_tokens]
        for (int il = 0; il < static_cast<int>(layers_.size()); ++il) {
            const Layer& layer = layers_[static_cast<std::size_t>(il)];
            ggml_tensor* h = g.rms_norm(x, layer.attention_norm, eps_);
            ggml_tensor* q = g.linear(layer.project.q, h);
            ggml_tensor* k = g.linear(layer.project.k, h);
            ggml_tensor* v = g.linear(layer.project.v, h);
            ggml_tensor* attended = g.attend(il, q, k, v, attention(il, g.capacity()));
            x = g.add(g.linear(layer.output, attended), x);

            h = g.rms_norm(x, layer.ffn_norm, eps_);
            ggml_tensor* gate = g.linear(layer.ffn.gate, h);
            ggml_tensor* up = g.linear(layer.ffn.up, h);
            x = g.add(g.linear(layer.ffn.down, g.swiglu(gate, up)), x);
        }
        return g.rms_norm(x, norm_, eps_);
    }

    ggml_tensor* logits(Operators& g, ggml_tensor* hidden) const override {
        return g.logits(head_, hidden);
    }

    Attention attention(int il, int capacity) const override {
        Attention attention = attention_;
        attention.rotation = rope_.for_capacity(capacity);
        attention.window = window_.of(il);
        return attention;
    }

   private:
    struct Layer {
        ggml_tensor* attention_norm;
        AttentionProjections project;
        Matrix output;
        ggml_tensor* ffn_norm;
        FeedForward ffn;
    };

    Attention attention_;
    LongRope rope_;
    SlidingWindow window_;
    float eps_;
    ggml_tensor* embedding_;
    std::vector<Layer> layers_;
    ggml_tensor* norm_;
    OutputHead head_;
};

}  // namespace

ArchitecturePtr make_llama(const Hparams& hparams, const GgufMetadata& keys, WeightLoader& load) {
    return std::make_unique<Llama>(hparams, keys, load);
}

}  // namespace infinipot
