#include <cmath>

#include "model/decoder.h"
#include "model/sliding_window.h"

/// `gemma3`: Gemma 3, text only. Like `gemma2`, with norms over each query and key head before RoPE
/// instead of soft-capped attention; the KV cache holds keys after that norm. Five local layers,
/// whose RoPE has its own base and no scaling, are followed by a global one. Source: Gemma Team
/// 2025, arXiv 2503.19786.
namespace infinipot {

namespace {

// The model with this many layers does not scale its queries by the head size.
constexpr int n_layer_27b = 62;

class Gemma3 : public Decoder {
   public:
    Gemma3(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load),
          local_rotation_(hparams.rotation),
          window_(read_sliding_window(metadata, hparams.n_layer, 0, 6)),
          embedding_scale_(std::sqrt(static_cast<float>(hparams.n_embd))) {
        attention_.scale_queries = true;
        final_softcap_ = metadata.number("final_logit_softcapping", 0.0f);
        if (hparams.n_layer == n_layer_27b) {
            const int width = hparams.n_embd / hparams.n_head;  // not n_embd_head
            attention_.scale = 1.0f / std::sqrt(static_cast<float>(width));
        }
        local_rotation_.freq_base = metadata.number("rope.freq_base_swa", 10000.0f);
        local_rotation_.freq_scale = 1.0f;
        for (int il = 0; il < hparams.n_layer; ++il) {
            layers_.push_back({
                .attention_norm = load.vector(prefix(il) + ".attn_norm.weight", hparams.n_embd),
                .project = load.attention_projections(prefix(il), hparams.n_embd, n_q_, n_kv_),
                .q_norm = load.vector(prefix(il) + ".attn_q_norm.weight", hparams.n_embd_head),
                .k_norm = load.vector(prefix(il) + ".attn_k_norm.weight", hparams.n_embd_head),
                .output = load.matrix(prefix(il) + ".attn_output", n_q_, hparams.n_embd),
                .post_attention_norm =
                    load.vector(prefix(il) + ".post_attention_norm.weight", hparams.n_embd),
                .ffn_norm = load.vector(prefix(il) + ".ffn_norm.weight", hparams.n_embd),
                .ffn = load.feed_forward(prefix(il), hparams.n_embd, hparams.n_ff),
                .post_ffn_norm = load.vector(prefix(il) + ".post_ffw_norm.weight", hparams.n_embd),
            });
        }
    }

    ggml_tensor* hidden(GraphBuilder& g) const override {
        ggml_tensor* x = g.scale(embed(g), embedding_scale_);  // [n_embd, n_tokens]
        for (int il = 0; il < static_cast<int>(layers_.size()); ++il) {
            const Layer& layer = layers_[static_cast<std::size_t>(il)];
            ggml_tensor* h = g.rms_norm(x, layer.attention_norm, eps_);
            ggml_tensor* q = g.linear(layer.project.q, h);
            ggml_tensor* k = g.linear(layer.project.k, h);
            ggml_tensor* v = g.linear(layer.project.v, h);
            q = g.norm_heads(q, layer.q_norm, eps_);
            k = g.norm_heads(k, layer.k_norm, eps_);
            ggml_tensor* attended = g.attend(il, q, k, v, attention(il, g.capacity()));
            h = g.rms_norm(g.linear(layer.output, attended), layer.post_attention_norm, eps_);
            x = g.add(h, x);

            h = g.rms_norm(x, layer.ffn_norm, eps_);
            ggml_tensor* gate = g.linear(layer.ffn.gate, h);
            ggml_tensor* up = g.linear(layer.ffn.up, h);
            h = g.linear(layer.ffn.down, g.geglu(gate, up));
            x = g.add(g.rms_norm(h, layer.post_ffn_norm, eps_), x);
        }
        return final_norm(g, x);
    }

    Attention attention(int il, int) const override {
        Attention attention = attention_;
        attention.window = window_.of(il);
        if (attention.window > 0) attention.rotation = local_rotation_;
        return attention;
    }

   private:
    struct Layer {
        ggml_tensor* attention_norm;
        AttentionProjections project;
        ggml_tensor *q_norm, *k_norm;
        Matrix output;
        ggml_tensor *post_attention_norm, *ffn_norm;
        FeedForward ffn;
        ggml_tensor* post_ffn_norm;
    };

    Rotation local_rotation_;
    SlidingWindow window_;
    float embedding_scale_;
    std::vector<Layer> layers_;
};

}  // namespace

ArchitecturePtr make_gemma3(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load) {
    return std::make_unique<Gemma3>(hparams, metadata, load);
}

}  // namespace infinipot
