#include "engine/context_writer.h"

#include <algorithm>
#include <limits>

#include "base/clock.h"

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

ContextWriter::ContextWriter(const Plan& plan, const Model::Impl& model, KvCache& cache,
                             ForwardPass& forward, Backend& backend)
    : plan_(plan),
      cache_(cache),
      forward_(forward),
      distiller_(plan, cache, forward),
      nats_(size(plan.options.n_batch)),
      tags_(size(plan.options.n_batch)) {
    if (plan.options.schedule == Schedule::per_token) {
        per_token_eviction_.emplace(plan, model, cache, forward, backend);
    }
    if (BatchedPerTokenEviction::possible(plan, model, cache)) {
        batched_eviction_.emplace(plan, model, cache, forward, *per_token_eviction_);
    }
}

std::size_t ContextWriter::bytes() const {
    return distiller_.bytes() + (per_token_eviction_ ? per_token_eviction_->bytes() : 0) +
           (batched_eviction_ ? batched_eviction_->bytes() : 0);
}

ContextWriter::Mark ContextWriter::mark() const {
    return {cache_.n(), stream_position_, forward_.preceding_state(), forward_.layer_states(),
            observing_};
}

void ContextWriter::rewind(const Mark& mark) {
    cache_.truncate(mark.n_kv);
    stream_position_ = mark.stream_position;
    forward_.set_preceding_state(mark.preceding_state);
    forward_.set_layer_states(mark.layer_states);
    observing_ = mark.observing;
}

void ContextWriter::serialize(StateArchive& archive) {
    archive.number(stream_position_, 0, std::numeric_limits<std::int64_t>::max() / 2);
    archive.value(observing_);
    archive.require(!observing_ || plan_.needs.attention == AttentionProbe::recent);
    archive.number(peak_n_kv_, 0, cache_.shape().capacity);
    archive.value(n_distillations_);
    archive.value(surprisal_seconds_);
    forward_.serialize(archive, observing_);
    distiller_.serialize(archive);
    if (per_token_eviction_) per_token_eviction_->serialize(archive);
}

ReadingState ContextWriter::state() const {
    return {.n_kv = cache_.n(),
            .room = cache_.room(),
            .tile = forward_.observed_tile_tokens(),
            .n_per_token = evicts_in_batches() ? batched_eviction_->most() : 1};
}

/// Returns the RoPE position of the next token.
int ContextWriter::position() const {
    if (plan_.options.positions.rule == Positions::reset) {
        return per_token_eviction_ ? per_token_eviction_->next_position() : cache_.n();
    }
    constexpr std::int64_t largest = std::numeric_limits<int>::max() / 2;
    return static_cast<int>(std::min(stream_position_, largest));
}

void ContextWriter::read(std::span<const Token> tokens, bool staying, const ReadingStep& step) {
    if (staying && evicts_in_batches()) return read_in_batches(tokens);
    run(tokens, step.observed);
    append(tokens, staying ? measure_surprisal(tokens) : no_surprisal(tokens), staying, step);
}

void ContextWriter::read_scored(Token token, float surprisal, bool staying,
                                const ReadingStep& step) {
    run({&token, 1}, step.observed);
    append({&token, 1}, {&surprisal, 1}, staying, step);
}

/// Batches begin once the policy has evicted an entry: a policy that refuses to must be heard
/// before anything is lost.
bool ContextWriter::evicts_in_batches() const {
    return batched_eviction_ && cache_.n() == plan_.fill_limit && n_distillations_ > 0;
}

/// The tags hold no surprisal, because the policy does not need it.
void ContextWriter::read_in_batches(std::span<const Token> tokens) {
    const auto n = static_cast<int>(tokens.size());
    batched_eviction_->read(tokens, tags_of(tokens, no_surprisal(tokens)), position());
    measure_surprisal(tokens, true);
    forward_.advance();
    n_distillations_ += tokens.size();
    stream_position_ += n;
}

void ContextWriter::rethrow_failure() {
    if (batched_eviction_) batched_eviction_->rethrow_failure();
}

/// The attention of recent tokens adds up over the steps that observe them. The first of these
/// steps forgets what was measured before.
void ContextWriter::run(std::span<const Token> tokens, bool observed) {
    if (observed && !observing_) forward_.forget_attention();
    forward_.run(tokens, position(), observed);
    observing_ =
        observed && plan_.needs.attention == AttentionProbe::recent && !per_token_eviction_;
}

void ContextWriter::append(std::span<const Token> tokens, std::span<const float> nats, bool staying,
                           const ReadingStep& step) {
    const int n = static_cast<int>(tokens.size());
    forward_.advance(step.counts);
    if (plan_.needs.attention == AttentionProbe::accumulated && step.observed) {
        accumulate_attention(cache_.n() + n);
    }
    cache_.append(tags_of(tokens, nats));
    count_entries(0);
    stream_position_ += n;
    if (per_token_eviction_ && staying) {
        per_token_eviction_->append(n);
        evict_surplus();
    }
}

std::span<const Tag> ContextWriter::tags_of(std::span<const Token> tokens,
                                            std::span<const float> nats) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        tags_[i] = {nats[i], tokens[i], stream_position_ + static_cast<std::int64_t>(i)};
    }
    return std::span(tags_).first(tokens.size());
}

void ContextWriter::accumulate_attention(int n_slots) {
    const CacheShape& shape = cache_.shape();
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) {
            const std::size_t row = size(il * shape.n_head_kv + head) * size(shape.capacity);
            cache_.add_attention(il, head, forward_.attention().subspan(row, size(n_slots)));
        }
    }
}

std::span<const float> ContextWriter::no_surprisal(std::span<const Token> tokens) {
    const std::span<float> nats = std::span(nats_).first(tokens.size());
    std::ranges::fill(nats, 0.0f);
    return nats;
}

/// Measures the tokens of the last run; zeros if nobody asks for it.
std::span<const float> ContextWriter::measure_surprisal(std::span<const Token> tokens,
                                                        bool wholly) {
    if (!plan_.measures_surprisal()) return no_surprisal(tokens);
    const Stopwatch watch;
    const std::span<float> nats = std::span(nats_).first(tokens.size());
    forward_.surprisal(tokens, nats, wholly);
    if (stream_position_ == 0) nats[0] = 0;  // nothing predicts the first token of the stream
    surprisal_seconds_ += watch.seconds();
    return nats;
}

void ContextWriter::distil(const Distillation& distillation) {
    count_entries(plan_.catalyst.size());
    distiller_.distil(stream_position_, distillation.n_kept, distillation.n_last);
    observing_ = false;  // the attention measured is of slots that have moved
    ++n_distillations_;
}

void ContextWriter::evict_surplus() {
    if (!per_token_eviction_ || cache_.n() <= plan_.fill_limit) return;
    per_token_eviction_->evict();
    ++n_distillations_;
}

void ContextWriter::attend(std::span<const Token> question) {
    count_entries(question.size());
    distiller_.attend(question, cache_.n());
}

/// Notes the entries of this moment, with `n_more` that are forgotten again.
void ContextWriter::count_entries(std::size_t n_more) {
    peak_n_kv_ = std::max(peak_n_kv_, cache_.n() + static_cast<int>(n_more));
}

void ContextWriter::report(Stats& stats) const {
    stats.n_kv = cache_.n();
    stats.peak_n_kv = peak_n_kv_;
    stats.distillations = n_distillations_;
    stats.surprisal_seconds = surprisal_seconds_;
    stats.catalyst_seconds = distiller_.times().catalyst;
    stats.select_seconds = distiller_.times().select;
    stats.gather_seconds = distiller_.times().gather;
    stats.graph_seconds = forward_.graph_seconds();
    if (per_token_eviction_) stats.select_seconds += per_token_eviction_->seconds();
    if (batched_eviction_) stats.select_seconds += batched_eviction_->seconds();
}

}  // namespace infinipot
