#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/experts.h"
#include "model/long_rope.h"
#include "model/sliding_window.h"

namespace infinipot {

/// The norm of queries and keys.
enum class QueryKeyNorm {
    none,
    each_head,             ///< over each head before RoPE, with the same weight for all heads
    each_head_apart,       ///< the same, with a weight for each head
    all_heads,             ///< over all heads together before RoPE
    each_head_after_rope,  ///< over each head after RoPE
};

/// The feed-forward network of a block.
enum class FeedForwardKind {
    swiglu,        ///< down(silu(gate x) * up x)
    fused_swiglu,  ///< the same, with gate and up in one matrix
    geglu,         ///< down(gelu(gate x) * up x)
    gelu,          ///< down(gelu(up x))
    experts,       ///< a mixture of gated networks, behind Hparams::n_layer_dense of swiglu
    own,           ///< the architecture names its weights and overrides feed_forward()
};

/// The parts of a block. Norms have the names of their tensors; null: there is no such norm.
struct BlockLayout {
    const char* attention_norm = "attn_norm";
    QueryKeyNorm query_key_norm = QueryKeyNorm::none;
    const char* post_attention_norm = nullptr;
    const char* ffn_norm = "ffn_norm";
    FeedForwardKind ffn = FeedForwardKind::swiglu;
    const char* post_ffn_norm = nullptr;
    Mixture mixture = {};                  ///< of FeedForwardKind::experts, without n_used
    bool optional_query_key_norm = false;  ///< the file may lack it
    bool sinks = false;                    ///< attention has sinks
    bool rope_factors = false;  ///< the file may have factors of RoPE's frequencies as tensors
    /// Attention's result is multiplied by sigmoids of a gate, whose rows follow the query's rows
    /// of each head in `attn_q`. Needs norms of queries and keys over each head.
    bool gated_attention = false;
    const char* output_norm = "output_norm";  ///< the last norm of the model
};

/// A decoder-only transformer: embedding, blocks of attention and feed-forward network, final norm
/// and output head. A file in arch/ describes its blocks with a BlockLayout. Where that does not
/// suffice, it derives from the class: its constructor sets the protected members, and it overrides
/// the virtual functions.
class Decoder : public Architecture {
   public:
    /// Names all tensors, except those of a feed-forward network of its own.
    Decoder(const Hparams& hparams, WeightLoader& load, const BlockLayout& layout = {});

    ggml_tensor* hidden(GraphBuilder& g) const override;

    /// Builds the output head's logits, scaled and soft-capped.
    ggml_tensor* logits(Operators& g, ggml_tensor* hidden) const override;

    ggml_tensor* log_sums(Operators& g, ggml_tensor* hidden, const kernels::SummedTokens& summed,
                          ggml_tensor* targets) const override;
    bool sums_logits() const override { return head_.sums_up(); }

    /// Returns `attention_` with the window of the layer and the rotation for the capacity.
    Attention attention(int il, int capacity) const override;

    LayerKind kind(int il) const override {
        return window_.of(il) > 0 ? LayerKind::local : LayerKind::global;
    }

    std::size_t nodes_per_layer() const override {
        return Architecture::nodes_per_layer() + (mixture_.n_used > 0 ? expert_nodes(mixture_) : 0);
    }

   protected:
    struct Layer {
        Norm attention_norm;
        AttentionProjections project;
        Norm q_norm, k_norm;
        ggml_tensor* sinks = nullptr;  // F32 [n_head] or null
        Matrix output;
        Norm post_attention_norm, ffn_norm;
        FeedForward ffn;
        Experts experts;
        Norm post_ffn_norm;
    };

    /// Builds one block: x [n_embd, n_tokens] -> [n_embd, n_tokens].
    virtual ggml_tensor* block(GraphBuilder& g, int il, ggml_tensor* x) const;

    /// Builds what mixes the tokens, behind its norm, of the same shape: attend().
    virtual ggml_tensor* mix(GraphBuilder& g, int il, ggml_tensor* x) const {
        return attend(g, il, x);
    }

    /// Builds the feed-forward network behind its norm, of the same shape.
    virtual ggml_tensor* feed_forward(GraphBuilder& g, int il, ggml_tensor* x) const;

    /// Builds attention behind its norm, with the output projection, of the same shape.
    ggml_tensor* attend(GraphBuilder& g, int il, ggml_tensor* x) const;

    /// Applies a norm over the features of x. A norm that the model lacks returns x.
    ggml_tensor* norm(GraphBuilder& g, ggml_tensor* x, const Norm& norm) const;

    const Layer& layer(int il) const { return layers_[static_cast<std::size_t>(il)]; }
    float eps() const { return eps_; }  ///< of norms

    Attention attention_;
    LongRope rope_;
    SlidingWindow window_;
    std::optional<LongRope> local_rope_;  // of the local layers; empty: rope_
    float embedding_scale_ = 1;
    float residual_scale_ = 1;  // of what a block adds to the residual stream
    float logit_scale_ = 1;
    float final_softcap_ = 0;  // 0: none
    Mixture mixture_;

   private:
    FeedForwardKind feed_forward_kind(int il) const;
    void name_layer(const Hparams& hparams, WeightLoader& load, int il);
    void name_attention(const Hparams& hparams, WeightLoader& load, const std::string& prefix,
                        Layer& layer);
    void name_query_key_norms(const Hparams& hparams, WeightLoader& load, const std::string& prefix,
                              Layer& layer);

    BlockLayout layout_;
    int n_layer_dense_;  // first layers without experts
    NormKind norm_kind_;
    float eps_;
    ggml_tensor* embedding_;
    Norm norm_;
    OutputHead head_;
    std::vector<Layer> layers_;
};

}  // namespace infinipot
