#include "model/architecture.h"

/// `qwen2`: Qwen 1.5, 2 and 2.5. As `llama`, with biases on queries, keys and values, which come
/// with the projections, and RoPE on halves. Source: Yang et al. 2024, arXiv 2407.10671.
namespace infinipot {

namespace {

class Qwen2 : public Architecture {
   public:
    Qwen2(const Hparams& hparams, WeightLoader& load)
        : attention_(hparams.attention()), eps_(hparams.rms_norm_eps) {
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
    }

    ggml_tensor* hidden(GraphBuilder& g) const override {
        ggml_tensor* x = g.embed(embedding_);  // [n_embd, n_tokens]
        for (int il = 0; il < static_cast<int>(layers_.size()); ++il) {
            const Layer& layer = layers_[static_cast<std::size_t>(il)];
            ggml_tensor* h = g.rms_norm(x, layer.attention_norm, eps_);
            ggml_tensor* q = g.linear(layer.project.q, h);
            ggml_tensor* k = g.linear(layer.project.k, h);
            ggml_tensor* v = g.linear(layer.project.v, h);
            ggml_tensor* attended = g.attend(il, q, k, v, attention_);
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

    Attention attention(int, int) const override { return attention_; }

   private:
    struct Layer {
        ggml_tensor* attention_norm;
        AttentionProjections project;
        Matrix output;
        ggml_tensor* ffn_norm;
        FeedForward ffn;
    };

    Attention attention_;
    float eps_;
    ggml_tensor* embedding_;
    std::vector<Layer> layers_;
    ggml_tensor* norm_;
    OutputHead head_;
};

}  // namespace

ArchitecturePtr make_qwen2(const Hparams& hparams, const GgufMetadata&, WeightLoader& load) {
    return std::make_unique<Qwen2>(hparams, load);
}

}  // namespace infinipot
