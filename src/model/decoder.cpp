#include "model/decoder.h"

#include <tuple>
#include <utility>

namespace infinipot {

namespace {

/// Falcon-H1's files have a norm without the suffix.
Norm name_norm(WeightLoader& load, const std::string& name, int n, NormKind kind) {
    return {load.vector(load.has(name) ? name : name + ".weight", n),
            kind == NormKind::layer ? load.optional_vector(name + ".bias", n) : nullptr};
}

FeedForward name_feed_forward(WeightLoader& load, const std::string& prefix, int n_embd, int n_ff,
                              FeedForwardKind kind) {
    switch (kind) {
        case FeedForwardKind::fused_swiglu:
            return load.fused_feed_forward(prefix, n_embd, n_ff);
        case FeedForwardKind::gelu:
            return load.ungated_feed_forward(prefix, n_embd, n_ff);
        case FeedForwardKind::experts:
        case FeedForwardKind::own:
            return {};
        default:
            return load.feed_forward(prefix, n_embd, n_ff);
    }
}

/// Splits the heads of x, whose second halves are gates: queries [n_embd_head, n_head, n_tokens]
/// and gates [n, n_tokens].
std::pair<ggml_tensor*, ggml_tensor*> split_gate(GraphBuilder& g, ggml_tensor* x, int n) {
    x = g.split_heads(x);  // twice as many
    const std::int64_t n_head = x->ne[1] / 2, n_tokens = x->ne[2];
    const auto half = [&](std::size_t first) {
        return ggml_view_3d(g.context(), x, x->ne[0], n_head, n_tokens, 2 * x->nb[1], x->nb[2],
                            first * x->nb[1]);
    };
    return {half(0), ggml_cont_2d(g.context(), half(1), n, n_tokens)};
}

}  // namespace

Decoder::Decoder(const Hparams& hparams, WeightLoader& load, const BlockLayout& layout)
    : attention_(hparams.attention()),
      rope_{hparams.rotation, hparams.rotation},
      mixture_(layout.mixture),
      layout_(layout),
      n_layer_dense_(hparams.n_layer_dense),
      norm_kind_(hparams.norm),
      eps_(hparams.norm_eps),
      embedding_(load.table("token_embd.weight", hparams.n_embd, hparams.n_vocab)),
      norm_(name_norm(load, layout.output_norm, hparams.n_embd, hparams.norm)),
      head_(load.output_head(hparams.n_embd, hparams.n_vocab)) {
    mixture_.n_used = hparams.n_expert_used;
    if (layout.rope_factors) rope_ = load_rope_factors(hparams.rotation, load);
    for (int il = 0; il < hparams.n_layer; ++il) name_layer(hparams, load, il);
    for (int i = 0; i < hparams.n_layer_skipped; ++i)
        load.skip("blk." + std::to_string(hparams.n_layer + i) + ".");
}

void Decoder::name_layer(const Hparams& hparams, WeightLoader& load, int il) {
    const std::string prefix = "blk." + std::to_string(il);
    const int n_embd = hparams.n_embd;
    const auto optional_norm = [&](const char* name) {
        if (name == nullptr) return Norm{};
        return name_norm(load, prefix + "." + name, n_embd, norm_kind_);
    };
    Layer layer;
    layer.attention_norm = optional_norm(layout_.attention_norm);
    if (hparams.attends[static_cast<std::size_t>(il)]) name_attention(hparams, load, prefix, layer);
    layer.post_attention_norm = optional_norm(layout_.post_attention_norm);
    layer.ffn_norm = optional_norm(layout_.ffn_norm);
    if (layout_.sinks) layer.sinks = load.vector(prefix + ".attn_sinks.weight", hparams.n_head);
    const FeedForwardKind ffn = feed_forward_kind(il);
    layer.ffn = name_feed_forward(load, prefix, n_embd, hparams.n_ff, ffn);
    if (ffn == FeedForwardKind::experts)
        layer.experts = name_experts(load, prefix, hparams, mixture_);
    layer.post_ffn_norm = optional_norm(layout_.post_ffn_norm);
    layers_.push_back(layer);
}

void Decoder::name_attention(const Hparams& hparams, WeightLoader& load, const std::string& prefix,
                             Layer& layer) {
    const int n_q = hparams.n_embd_head * hparams.n_head;
    const int n_kv = hparams.n_embd_head * hparams.n_head_kv;
    layer.project = load.attention_projections(prefix, hparams.n_embd,
                                               (layout_.gated_attention ? 2 : 1) * n_q, n_kv);
    name_query_key_norms(hparams, load, prefix, layer);
    layer.output = load.matrix(prefix + ".attn_output", n_q, hparams.n_embd);
}

void Decoder::name_query_key_norms(const Hparams& hparams, WeightLoader& load,
                                   const std::string& prefix, Layer& layer) {
    const std::string q = prefix + ".attn_q_norm", k = prefix + ".attn_k_norm";
    const int n = hparams.n_embd_head;
    if (layout_.optional_query_key_norm && !load.has(q + ".weight")) return;
    switch (layout_.query_key_norm) {
        case QueryKeyNorm::none:
            return;
        case QueryKeyNorm::each_head:
        case QueryKeyNorm::each_head_after_rope:
            layer.q_norm = name_norm(load, q, n, norm_kind_);
            layer.k_norm = name_norm(load, k, n, norm_kind_);
            return;
        case QueryKeyNorm::each_head_apart:
            layer.q_norm = {load.vectors(q + ".weight", n, hparams.n_head)};
            layer.k_norm = {load.vectors(k + ".weight", n, hparams.n_head_kv)};
            return;
        case QueryKeyNorm::all_heads:
            layer.q_norm = name_norm(load, q, n * hparams.n_head, norm_kind_);
            layer.k_norm = name_norm(load, k, n * hparams.n_head_kv, norm_kind_);
            return;
    }
}

ggml_tensor* Decoder::hidden(GraphBuilder& g) const {
    ggml_tensor* x = g.scale(g.embed(embedding_), embedding_scale_);  // [n_embd, n_tokens]
    for (int il = 0; il < static_cast<int>(layers_.size()); ++il) x = block(g, il, x);
    return norm(g, x, norm_);
}

ggml_tensor* Decoder::logits(Operators& g, ggml_tensor* hidden) const {
    return g.logits(head_, hidden, {logit_scale_, final_softcap_});
}

ggml_tensor* Decoder::log_sums(Operators& g, ggml_tensor* hidden,
                               const kernels::SummedTokens& summed, ggml_tensor* targets) const {
    return g.log_sums(head_, hidden, {logit_scale_, final_softcap_}, summed, targets);
}

Attention Decoder::attention(int il, int capacity) const {
    Attention attention = attention_;
    attention.window = window_.of(il);
    attention.sinks = layer(il).sinks;
    if (layout_.query_key_norm == QueryKeyNorm::none) attention.key_bias = layer(il).project.k.bias;
    const LongRope& rope = attention.window > 0 && local_rope_ ? *local_rope_ : rope_;
    attention.rotation = rope.for_capacity(capacity);
    if (layout_.query_key_norm == QueryKeyNorm::each_head_after_rope) {
        attention.query_weight = layer(il).q_norm.weight;
        attention.key_weight = layer(il).k_norm.weight;
    }
    return attention;
}

ggml_tensor* Decoder::block(GraphBuilder& g, int il, ggml_tensor* x) const {
    const Layer& layer = this->layer(il);
    ggml_tensor* h = mix(g, il, norm(g, x, layer.attention_norm));
    x = g.add(g.scale(norm(g, h, layer.post_attention_norm), residual_scale_), x);
    h = feed_forward(g, il, norm(g, x, layer.ffn_norm));
    return g.add(g.scale(norm(g, h, layer.post_ffn_norm), residual_scale_), x);
}

ggml_tensor* Decoder::attend(GraphBuilder& g, int il, ggml_tensor* x) const {
    const Layer& layer = this->layer(il);
    ggml_tensor* q = g.linear(layer.project.q, x);
    ggml_tensor* k = g.linear(layer.project.k, x);
    ggml_tensor* v = g.linear(layer.project.v, x);
    ggml_tensor* gate = nullptr;
    if (layout_.gated_attention) std::tie(q, gate) = split_gate(g, q, layer.output.n_in);
    const QueryKeyNorm kind = layout_.query_key_norm;
    if (kind != QueryKeyNorm::none && kind != QueryKeyNorm::all_heads) {
        if (gate == nullptr) q = g.split_heads(q);
        k = g.split_heads(k);
    }
    if (kind == QueryKeyNorm::each_head_after_rope) {  // rotation keeps the length of a head
        q = g.rms_norm(q, nullptr, eps_);
        k = g.rms_norm(k, nullptr, eps_);
    } else {
        q = norm(g, q, layer.q_norm);
        k = norm(g, k, layer.k_norm);
    }
    ggml_tensor* attended = g.attend(il, q, k, v, attention(il, g.capacity()));
    if (gate != nullptr)
        attended = ggml_mul(g.context(), attended, ggml_sigmoid(g.context(), gate));
    return g.linear(layer.output, attended);
}

FeedForwardKind Decoder::feed_forward_kind(int il) const {
    const bool dense = layout_.ffn == FeedForwardKind::experts && il < n_layer_dense_;
    return dense ? FeedForwardKind::swiglu : layout_.ffn;
}

ggml_tensor* Decoder::feed_forward(GraphBuilder& g, int il, ggml_tensor* x) const {
    const FeedForward& ffn = layer(il).ffn;
    const FeedForwardKind kind = feed_forward_kind(il);
    if (kind == FeedForwardKind::gelu) return g.linear(ffn.down, g.gelu(g.linear(ffn.up, x)));
    if (kind == FeedForwardKind::experts) return mix_experts(g, layer(il).experts, mixture_, x);
    ggml_tensor* gate = g.linear(ffn.gate, x);
    ggml_tensor* up = g.linear(ffn.up, x);
    const bool gelu = kind == FeedForwardKind::geglu;
    return g.linear(ffn.down, gelu ? g.geglu(gate, up) : g.swiglu(gate, up));
}

ggml_tensor* Decoder::norm(GraphBuilder& g, ggml_tensor* x, const Norm& norm) const {
    if (norm.weight == nullptr) return x;
    return norm_kind_ == NormKind::rms ? g.rms_norm(x, norm.weight, eps_)
                                       : g.layer_norm(x, norm, eps_);
}

}  // namespace infinipot
