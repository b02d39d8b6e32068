#include <cmath>

#include "model/decoder.h"
#include "model/sliding_window.h"

/// `gemma2`: Gemma 2. Norms before and behind attention and feed-forward, scaled embeddings, GeGLU,
/// RoPE on halves. Attention and output logits are soft-capped. Every second layer is local, from
/// the first on. Source: Gemma Team 2024, arXiv 2408.00118.
namespace infinipot {

namespace {

// The model with this many layers does not scale its queries by the head size.
constexpr int n_layer_27b = 46;

class Gemma2 : public Decoder {
   public:
    Gemma2(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load)
        : Decoder(hparams, load),
          local_rotation_(hparams.rotation),
          window_(read_sliding_window(metadata, hparams.n_layer, 4096, 2)),
          embedding_scale_(std::sqrt(static_cast<float>(hparams.n_embd))) {
        attention_.softcap = metadata.number("attn_logit_softcapping", 50.0f);
        attention_.scale_queries = true;
        final_softcap_ = metadata.number("final_logit_softcapping", 30.0f);
        if (hparams.n_layer == n_layer_27b) {
            const int width = hparams.n_embd / hparams.n_head;  // not n_embd_head
            attention_.scale = 1.0f / std::sqrt(static_cast<float>(width));
        }
        local_rotation_.freq_base =
            metadata.number("rope.freq_base_swa", hparams.rotation.freq_base);
        for (int il = 0; il < hparams.n_layer; ++il) {
            layers_.push_back({
                .attention_norm = load.vector(prefix(il) + ".attn_norm.weight", hparams.n_embd),
                .project = load.attention_projections(prefix(il), hparams.n_embd, n_q_, n_kv_),
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

ArchitecturePtr make_gemma2(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load) {
    return std::make_unique<Gemma2>(hparams, metadata, load);
}

}  // namespace infinipot
