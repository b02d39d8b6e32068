#include "model/decoder.h"
#include "model/long_rope.h"

/// `phi3`: Phi-3, Phi-3.5 and Phi-4, mini and medium. Like `llama`, with gate and up in one matrix
/// and RoPE on halves, in some models of a part of each head. Models of 128K tokens use LongRoPE.
/// The sliding window that some files name is ignored, as in libllama. Source: Abdin et al. 2024,
/// arXiv 2404.14219.
namespace infinipot {

namespace {

class Phi3 : public Decoder {
   public:
    Phi3(const Hparams& hparams, WeightLoader& load) : Decoder(hparams, load) {
        for (int il = 0; il < hparams.n_layer; ++il) {
            layers_.push_back({
                .attention_norm = load.vector(prefix(il) + ".attn_norm.weight", hparams.n_embd),
                .project = load.attention_projections(prefix(il), hparams.n_embd, n_q_, n_kv_),
                .output = load.matrix(prefix(il) + ".attn_output", n_q_, hparams.n_embd),
                .ffn_norm = load.vector(prefix(il) + ".ffn_norm.weight", hparams.n_embd),
                .ffn = load.fused_feed_forward(prefix(il), hparams.n_embd, hparams.n_ff),
            });
        }
        rope_ = load_long_rope(hparams.rotation, load);
        attention_.scale_queries = true;
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

    Attention attention(int, int capacity) const override {
        Attention attention = attention_;
        attention.rotation = rope_.for_capacity(capacity);
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
    std::vector<Layer> layers_;
};

}  // namespace

ArchitecturePtr make_phi3(const Hparams& hparams, const GgufMetadata&, WeightLoader& load) {
    return std::make_unique<Phi3>(hparams, load);
}

}  // namespace infinipot
