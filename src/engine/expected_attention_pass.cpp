#include "engine/expected_attention_pass.h"

#include <algorithm>

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Applies what happens to queries between RoPE and attention to their statistics in the future:
/// mean [n_embd_head] and covariance [n_embd_head, n_embd_head] of each head.
void weigh_queries(const Attention& attention, int position, int n_embd_head, std::span<float> mean,
                   std::span<float> covariance) {
    const std::size_t d = size(n_embd_head);
    std::vector<float> factors(d, attention.temperature.at(position));
    std::vector<float> weight(d);
    for (const ggml_tensor* tensor : {attention.query_weight, attention.key_weight}) {
        if (tensor == nullptr) continue;
        ggml_backend_tensor_get(tensor, weight.data(), 0, d * sizeof(float));
        for (std::size_t i = 0; i < d; ++i) factors[i] *= weight[i];
    }
    if (std::ranges::all_of(factors, [](float factor) { return factor == 1; })) return;
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] *= factors[i % d];
    for (std::size_t i = 0; i < covariance.size(); ++i)
        covariance[i] *= factors[i % d] * factors[i / d % d];
}

}  // namespace

ExpectedAttentionPass::ExpectedAttentionPass(const Model::Impl& model, const KvCache& cache,
                                             Backend& backend, int n_sink)
    : statistics(cache.shape(), model.hparams.n_head, backend.buffer_type()),
      model_(model),
      cache_(cache),
      n_head_(model.hparams.n_head),
      n_sink_(n_sink),
      tables_(model, cache.shape().capacity, cache.shape().capacity + n_future_positions, backend),
      mean_(size(n_head_) * size(cache.shape().n_embd_head)),
      covariance_(mean_.size() * size(cache.shape().n_embd_head)),
      expected_(size(cache.shape().n_head_kv) * size(cache.shape().capacity)) {}

int ExpectedAttentionPass::n_skipped(const Batch& batch) const {
    return std::clamp(n_sink_ - batch.first_slot, 0, batch.n_tokens);
}

std::size_t ExpectedAttentionPass::bytes() const {
    return statistics.bytes() + tables_.bytes() +
           (mean_.size() + covariance_.size() + expected_.size()) * sizeof(float);
}

Workspace::Build ExpectedAttentionPass::graph(int il, int n_kv, ExpectedAttentionInputs& inputs,
                                              ggml_tensor*& result) const {
    return [this, il, n_kv, &inputs, &result](ggml_context* context, ggml_cgraph* graph) {
        const Attention attention = model_.pot_attention(il, cache_.shape().capacity);
        result = build_expected_attention(context, cache_, il, n_sink_, n_kv, n_head_,
                                          attention.scale, attention.sinks, inputs);
        ggml_set_output(result);
        ggml_build_forward_expand(graph, result);
    };
}

void ExpectedAttentionPass::reserve(Workspace& workspace) {
    ExpectedAttentionInputs inputs{};
    ggml_tensor* result = nullptr;
    workspace.reserve(graph(0, cache_.shape().capacity, inputs, result));
}

std::span<const float> ExpectedAttentionPass::expect(int il, Workspace& workspace) {
    const std::size_t n_kv = size(cache_.n()), n_head_kv = size(cache_.shape().n_head_kv);
    const std::span<float> expected = std::span(expected_).first(n_head_kv * n_kv);
    std::ranges::fill(expected, 0.0f);
    if (cache_.n() <= n_sink_) return expected;

    statistics.mean(il, mean_);
    statistics.covariance(il, covariance_);
    const int n_embd_head = cache_.shape().n_embd_head;
    rotate_to_future(tables_[il], cache_.n(), n_embd_head, mean_, covariance_);
    weigh_queries(model_.pot_attention(il, cache_.shape().capacity), cache_.n(), n_embd_head, mean_,
                  covariance_);
    ExpectedAttentionInputs inputs{};
    ggml_tensor* result = nullptr;  // [n_kv - n_sink, n_head_kv]
    const Workspace::Use use = workspace.prepare(graph(il, cache_.n(), inputs, result));
    ggml_backend_tensor_set(inputs.mean, mean_.data(), 0, ggml_nbytes(inputs.mean));
    ggml_backend_tensor_set(inputs.covariance, covariance_.data(), 0,
                            ggml_nbytes(inputs.covariance));
    workspace.compute();
    for (std::size_t head = 0; head < n_head_kv; ++head) {
        float* const row = expected.data() + head * n_kv + size(n_sink_);
        ggml_backend_tensor_get(result, row, head * result->nb[1], result->nb[1]);
    }
    return expected;
}

}  // namespace infinipot
