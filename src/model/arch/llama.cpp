#include "model/decoder.h"
#include "model/long_rope.h"
#include "model/sliding_window.h"

/// `llama`: LLaMA 2 to 3.2, Mistral, TinyLlama, SmolLM2 and all models exported under that name.
/// Pre-norm decoder, RoPE on neighbouring pairs, grouped-query attention, SwiGLU. LLaMA 3.1's
/// frequency scaling comes as the tensor rope_freqs, LongRoPE's as two tensors. All layers are
/// local if the file or ModelOptions sets a window (Mistral 7B v0.1). Source: Touvron et al. 2023,
/// arXiv 2302.13971.
namespace infinipot {

namespace {

class Llama : public Decoder {
   public:
    Llama(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load), window_(read_sliding_window(metadata, hparams.n_layer, 0, 0)) {
        if (hparams.sliding_window > 0) window_.size = hparams.sliding_window;
        for (int il = 0; il < hparams.n_layer; ++il) {
            layers_.push_back({
                .attention_norm = load.vector(prefix(il) + ".attn_norm.weight", hparams.n_embd),
                .project = load.attention_projections(prefix(il), hparams.n_embd, n_q_, n_kv_),
                .output = load.matrix(prefix(il) + ".attn_output", n_q_, hparams.n_embd),
                .ffn_norm = load.vector(prefix(il) + ".ffn_norm.weight", hparams.n_embd),
                .ffn = load.feed_forward(prefix(il), hparams.n_embd, hparams.n_ff),
            });
        }
        rope_ = load_long_rope(hparams.rotation, load);
        if (load.has("rope_freqs.weight")) {
            rope_.within.freq_factors = rope_.beyond.freq_factors =
                load.vector("rope_freqs.weight", hparams.rotation.n_rot / 2);
        }
    }

    ggml_tensor* hidden(GraphBuilder& g) const override {
        ggml_tensor* x = embed(g);  // [n_embd, n_tokens]
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
        return final_norm(g, x);
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

    LongRope rope_;
    SlidingWindow window_;
    std::vector<Layer> layers_;
};

}  // namespace

ArchitecturePtr make_llama(const Hparams& hparams, const GgufMetadata& metadata,
                           WeightLoader& load) {
    return std::make_unique<Llama>(hparams, metadata, load);
}

}  // namespace infinipot
