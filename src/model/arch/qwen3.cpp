#include "model/decoder.h"

/// `qwen3`: Qwen 3, dense. Like `qwen2` without biases, and with a norm over each query and key
/// head before RoPE; the KV cache holds keys after that norm. Source: Yang et al. 2025, arXiv
/// 2505.09388.
namespace infinipot {

namespace {

class Qwen3 : public Decoder {
   public:
    Qwen3(const Hparams& hparams, WeightLoader& load) : Decoder(hparams, load) {
        for (int il = 0; il < hparams.n_layer; ++il) {
            layers_.push_back({
                .attention_norm = load.vector(prefix(il) + ".attn_norm.weight", hparams.n_embd),
                .project = load.attention_projections(prefix(il), hparams.n_embd, n_q_, n_kv_),
                .q_norm = load.vector(prefix(il) + ".attn_q_norm.weight", hparams.n_embd_head),
                .k_norm = load.vector(prefix(il) + ".attn_k_norm.weight", hparams.n_embd_head),
                .output = load.matrix(prefix(il) + ".attn_output", n_q_, hparams.n_embd),
                .ffn_norm = load.vector(prefix(il) + ".ffn_norm.weight", hparams.n_embd),
                .ffn = load.feed_forward(prefix(il), hparams.n_embd, hparams.n_ff),
            });
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
            q = g.norm_heads(q, layer.q_norm, eps_);
            k = g.norm_heads(k, layer.k_norm, eps_);
            ggml_tensor* attended = g.attend(il, q, k, v, attention_);
            x = g.add(g.linear(layer.output, attended), x);

            h = g.rms_norm(x, layer.ffn_norm, eps_);
            ggml_tensor* gate = g.linear(layer.ffn.gate, h);
            ggml_tensor* up = g.linear(layer.ffn.up, h);
            x = g.add(g.linear(layer.ffn.down, g.swiglu(gate, up)), x);
        }
        return final_norm(g, x);
    }

   private:
    struct Layer {
        ggml_tensor* attention_norm;
        AttentionProjections project;
        ggml_tensor *q_norm, *k_norm;
        Matrix output;
        ggml_tensor* ffn_norm;
        FeedForward ffn;
    };

    std::vector<Layer> layers_;
};

}  // namespace

ArchitecturePtr make_qwen3(const Hparams& hparams, const GgufMetadata&, WeightLoader& load) {
    return std::make_unique<Qwen3>(hparams, load);
}

}  // namespace infinipot
