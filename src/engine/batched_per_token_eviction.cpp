#include "engine/batched_per_token_eviction.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/clock.h"
#include "model/model_impl.h"
#include "tensor/kernels/attention/single_query.h"

namespace infinipot {

namespace {

constexpr int most_tokens = 64;  // more would not make the matrices faster

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

bool BatchedPerTokenEviction::possible(const Plan& plan, const Model::Impl& model,
                                       const KvCache& cache) {
    if (plan.options.schedule != Schedule::per_token || plan.needs.surprisal) return false;
    if (model.options.kernels != Kernels::native) return false;
    const Hparams& hparams = model.hparams;
    for (int il = 0; il < cache.shape().n_layer; ++il) {
        if (model.pot_attention(il, cache.shape().capacity).softcap != 0) return false;
    }
    return kernels::single_query_supported(cache.keys(0)->type, hparams.n_embd_head);
}

BatchedPerTokenEviction::BatchedPerTokenEviction(const Plan& plan, const Model::Impl& model,
                                                 KvCache& cache, ForwardPass& forward,
                                                 PerTokenEviction& per_token)
    : plan_(plan),
      cache_(cache),
      forward_(forward),
      per_token_eviction_(per_token),
      n_group_(model.hparams.n_head / model.hparams.n_head_kv),
      ranks_(size(model.hparams.n_head_kv)) {
    const CacheShape& shape = cache.shape();
    for (int il = 0; il < shape.n_layer; ++il) {
        const Attention attention = model.pot_attention(il, shape.capacity);
        scales_.push_back(attention.scale);
        const ggml_tensor* sinks = attention.sinks;
        sinks_.push_back(sinks == nullptr ? nullptr : static_cast<const float*>(sinks->data));
        layers_.push_back([this, il](const ggml_tensor* q, ggml_tensor* out, int ith, int nth) {
            evict_and_attend(il, q, out, ith, nth);
        });
    }
    const std::size_t n_scratch =
        size(shape.capacity) + kernels::single_query_scratch(shape.n_embd_head, shape.capacity);
    scratch_.assign(size(plan.options.n_threads), std::vector<float>(n_scratch));
    for (int n = 1; n <= plan.options.n_threads; ++n) barriers_.emplace_back(n);
    forward.reserve_with(layers_, std::min({most_tokens, plan.options.n_batch, shape.capacity}));
}

std::size_t BatchedPerTokenEviction::bytes() const {
    return scratch_.size() * scratch_.front().size() * sizeof(float);
}

int BatchedPerTokenEviction::most() const {
    return std::min({most_tokens, plan_.options.n_batch, cache_.room(),
                     per_token_eviction_.left_to_new_positions()});
}

void BatchedPerTokenEviction::read(std::span<const Token> tokens, std::span<const Tag> tags,
                                   int first_position) {
    assert(static_cast<int>(tokens.size()) <= most());
    forward_.require_not_interrupted();
    tags_ = tags;
    first_slot_ = cache_.n();
    per_token_eviction_.begin(tags.front());
    forward_.run_with(layers_, tokens, first_slot_, first_position);
    per_token_eviction_.commit(static_cast<int>(tokens.size()));
}

void BatchedPerTokenEviction::rethrow_failure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

/// Attends and evicts in one layer, on thread ith of nth, which has every nth head to itself.
void BatchedPerTokenEviction::evict_and_attend(int il, const ggml_tensor* q, ggml_tensor* out,
                                               int ith, int nth) {
    const CacheShape& shape = cache_.shape();
    const auto n_tokens = static_cast<int>(q->ne[2]);
    const auto head_bytes = size(shape.n_embd_head) * sizeof(float);
    assert(q->nb[1] == head_bytes);
    std::vector<float>& scratch = scratch_[size(ith)];
    std::barrier<>& barrier = barriers_[size(nth - 1)];
    for (int t = 0; t < n_tokens; ++t) {
        for (int head = ith; head < shape.n_head_kv; head += nth) {
            const std::size_t first_head = size(head * n_group_);
            const auto* q_data = static_cast<const char*>(q->data) + size(t) * q->nb[2];
            auto* out_data = static_cast<char*>(out->data) + size(t) * out->nb[1];
            per_token_eviction_.insert(il, head, first_slot_ + t, tags_[size(t)]);
            attend(il, head, reinterpret_cast<const float*>(q_data + first_head * head_bytes),
                   reinterpret_cast<float*>(out_data + first_head * head_bytes), scratch);
        }
        barrier.arrive_and_wait();
        if (ith == 0) select(il);
        barrier.arrive_and_wait();
        for (int head = ith; head < shape.n_head_kv; head += nth) {
            per_token_eviction_.evict(il, head, ranks_[size(head)], t + 1);
        }
    }
}

/// Attends with the query heads of one KV head for one token: q and out are
/// [n_group][n_embd_head].
void BatchedPerTokenEviction::attend(int il, int head, const float* q, float* out,
                                     std::vector<float>& scratch) {
    const CacheShape& shape = cache_.shape();
    ggml_tensor *const keys = cache_.rotated_keys(il), *const values = cache_.values(il);
    const std::span<float> mass = std::span(scratch).first(size(cache_.n()));
    kernels::attend_single_query(
        {.type = keys->type,
         .n_embd_head = shape.n_embd_head,
         .n_head = n_group_,
         .n_kv = cache_.n(),
         .scale = scales_[size(il)],
         .q = q,
         .sinks = sinks_[size(il)] ? sinks_[size(il)] + head * n_group_ : nullptr,
         .k = static_cast<const char*>(keys->data) + size(head) * keys->nb[2],
         .v = static_cast<const char*>(values->data) + size(head) * values->nb[2],
         .k_bytes = keys->nb[1],
         .v_bytes = values->nb[1],
         .scratch = scratch.data() + shape.capacity,
         .out = out,
         .mass = mass.data()});
    if (plan_.needs.attention == AttentionProbe::accumulated) {
        cache_.add_attention(il, head, mass);
    } else if (plan_.needs.attention == AttentionProbe::recent) {
        std::ranges::copy(mass, forward_.attention(il, head).begin());
    }
}

/// Catches what the policy throws: an exception must not pass through ggml, and the batch cannot
/// stop half way.
void BatchedPerTokenEviction::select(int il) {
    const Stopwatch watch;
    try {
        ranks_ = per_token_eviction_.select(il);
    } catch (...) {
        if (!failure_) failure_ = std::current_exception();
        std::ranges::fill(ranks_, plan_.options.budget.protect_first);
    }
    seconds_ += watch.seconds();
}

}  // namespace infinipot
