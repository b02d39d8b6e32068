#include "engine/session_impl.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "engine/key_centres_of.h"
#include "infinipot/error.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "observe/surprisal.h"

namespace infinipot {

namespace {

constexpr std::size_t least_checkpoint_bytes = std::size_t{64} << 20;

ForwardPass::Limits limits_of(const Plan& plan) {
    return {.n_batch = plan.options.n_batch,
            .n_observed = n_observed(plan),
            .surprisal = plan.measures_surprisal(),
            .expected_attention = plan.needs.expected_attention,
            .n_sink = plan.needs.n_sink,
            .renumber = plan.options.positions.rule == Positions::reset,
            .positions = plan.options.positions};
}

KvCache make_cache(const Plan& plan, const Model::Impl& model, Backend& backend,
                   const CacheImage* image) {
    const CacheShape shape = cache_shape(plan, model);
    KvCache cache = image == nullptr ? KvCache(shape, backend.buffer_type())
                                     : KvCache(shape, backend.buffer_type(), *image);
    cache.set_key_centres(key_centres_of(plan, model, shape, backend));
    return cache;
}

TextIntake::Tokenize tokenizer_of(const Model::Impl& model) {
    return [&model](std::string_view segment) { return model.vocabulary.tokenize(segment); };
}

}  // namespace

Session::Impl::Impl(const Model& model, SessionOptions options)
    : Impl(model, make_plan(Access::impl(model), std::move(options))) {}

Session::Impl::Impl(const Model& model, Plan plan, const CacheImage* image, const Impl* parent)
    : model_(model),
      plan_(std::move(plan)),
      backend_(parent == nullptr ? Backend(Access::impl(model).device, plan_.options.n_threads)
                                 : Backend(parent->backend_)),
      cache_(make_cache(plan_, Access::impl(model), backend_, image)),
      forward_(Access::impl(model), backend_, cache_, limits_of(plan_),
               parent == nullptr ? nullptr : &parent->forward_),
      intake_(tokenizer_of(Access::impl(model)), plan_.frame.opening),
      writer_(plan_, Access::impl(model), cache_, forward_, backend_),
      hiding_(cache_, plan_.largest_answer_budget()),
      checkpoints_(std::max(least_checkpoint_bytes, cache_.bytes() / 2)) {
    stats_.pot_bytes = cache_.bytes() + forward_.layer_state_bytes();
    stats_.attended_entry_bytes = KvCache::attended_entry_bytes(cache_.shape());
    stats_.compute_bytes =
        forward_.bytes() + writer_.bytes() + hiding_.bytes() + cache_.key_centres().bytes();
}

void Session::Impl::require_no_generation() const {
    if (!generating_) return;
    throw Error(ErrorCode::invalid_argument,
                "an answer of this session is still being generated; finish or destroy it first");
}

void Session::Impl::ingest(std::string_view text, const IngestOptions& options) {
    require_no_generation();
    if (!text.empty()) begin_words();
    intake_.begin_stream();
    const Stopwatch watch;
    try {
        read_waiting(Remaining::text, options, watch);  // what an interrupted call has left
        while (!text.empty()) {
            const std::string_view part = text.substr(0, TextIntake::append_bytes);
            text.remove_prefix(part.size());
            intake_.append(part);
            read_waiting(Remaining::text, options, watch);
        }
    } catch (...) {
        intake_.forget_cut_character();  // the caller goes on from bytes_read
        throw;
    }
}

void Session::Impl::flush(Remaining remaining, const IngestOptions& options) {
    require_no_generation();
    intake_.begin_stream();
    intake_.end_text();
    read_waiting(remaining, options, Stopwatch());
}

void Session::Impl::read_waiting(Remaining remaining, const IngestOptions& options,
                                 const Stopwatch& watch) {
    const bool all = remaining != Remaining::text;
    std::size_t done = 0;
    const Stopwatch reading;
    const auto close = [&] {
        intake_.remove(0, done);
        stats_.prefill_seconds += reading.seconds();
    };
    try {
        leave_out_middle();
        const std::span<const Token> waiting = intake_.waiting();
        while (done < waiting.size()) {
            const std::size_t n_left = waiting.size() - done;
            if (!all && must_wait(plan_, cache_.n(), n_left)) break;
            make_room(remaining == Remaining::nothing ? n_left : unlimited);
            const ReadingStep step = next_step(plan_, writer_.state());
            std::size_t n = static_cast<std::size_t>(step.n_tokens);
            if (n > n_left && !all) break;
            n = std::min(n, n_left);
            const std::span<const Token> batch = waiting.subspan(done, n);
            writer_.read(batch, true, step);
            done += n;
            stats_.tokens_read += n;
            if (options.on_progress) report_progress(options, batch, waiting.size() - done, watch);
            writer_.rethrow_failure();
        }
    } catch (...) {
        close();
        throw;
    }
    close();
}

void Session::Impl::leave_out_middle() {
    if (plan_.options.schedule != Schedule::before_reading) return;
    const TokenRange middle = left_out_middle(plan_, cache_.n(), intake_.waiting().size());
    intake_.remove(middle.first, middle.n);
    stats_.tokens_left_out += middle.n;
}

void Session::Impl::report_progress(const IngestOptions& options, std::span<const Token> batch,
                                    std::size_t n_waiting, const Stopwatch& watch) const {
    options.on_progress(
        {.bytes_read = intake_.bytes_of_tokens(stats_.tokens_read, n_waiting),
         .tokens_read = stats_.tokens_read,
         .distillations = writer_.n_distillations(),
         .seconds = watch.seconds(),
         .surprisal = writer_.surprisal(plan_.options.measure_surprisal ? batch.size() : 0),
         .tokens = batch});
}

/// Evicts entries, if the cache is full, before the next of `n_to_come` tokens that stay is read.
void Session::Impl::make_room(std::size_t n_to_come) {
    if (cache_.n() < plan_.fill_limit) return;
    switch (plan_.options.schedule) {
        case Schedule::when_full:
            return distil(next_distillation(plan_, n_to_come));
        case Schedule::per_token:
            return writer_.evict_surplus();
        case Schedule::at_end:
        case Schedule::before_reading:
            break;
    }
    throw Error(ErrorCode::does_not_fit,
                "the text does not fit into the KV cache, which is full at " +
                    std::to_string(cache_.n()) + " entries, and policy " +
                    plan_.options.policy->spec() + " with schedule " +
                    std::string(to_string(plan_.options.schedule)) +
                    " evicts none of them yet; raise the capacity or choose another schedule");
}

void Session::Impl::distil(const Distillation& distillation) {
    checkpoints_.keep(cache_);
    writer_.distil(distillation);
}

/// Room is needed for the catalyst, if end_of_prompt() will distil, and for at least one entry of
/// the text.
void Session::Impl::require_room(int n_question) const {
    int n = room();
    if (decides_eviction(n_question)) {
        n = std::min(n - static_cast<int>(plan_.catalyst.size()), plan_.options.budget.retain);
    }
    if (n_question < n) return;
    throw Error(ErrorCode::does_not_fit, "the question has " + std::to_string(n_question) +
                                             " tokens and the KV cache has room for " +
                                             std::to_string(n) +
                                             "; ask a shorter one or raise the reserve");
}

/// Returns whether end_of_prompt() will distil after a question of so many tokens.
bool Session::Impl::decides_eviction(int n_question) const {
    return writer_.stream_position() != ended_at_ &&
           infinipot::decides_eviction(plan_, cache_.n(), n_question);
}

void Session::Impl::read(std::span<const Token> tokens, bool staying) {
    const bool deciding = decides_eviction(static_cast<int>(tokens.size()));
    const bool is_prompt = !staying || plan_.options.schedule == Schedule::at_end;
    if (deciding) writer_.begin_measuring();
    while (!tokens.empty()) {
        if (staying) make_room(unlimited);
        const ReadingState state = writer_.state();
        const ReadingStep step =
            is_prompt ? next_prompt_step(plan_, state, tokens.size(), staying, deciding)
                      : next_step(plan_, state);
        assert(step.n_tokens > 0);
        const auto n = std::min(static_cast<std::size_t>(step.n_tokens), tokens.size());
        writer_.read(tokens.first(n), staying, step);
        tokens = tokens.subspan(n);
        writer_.rethrow_failure();
    }
    logits_ = forward_.logits();
}

void Session::Impl::read_generated(Token token, bool staying) {
    const bool tagged = staying && plan_.measures_surprisal();
    const float nats = tagged ? surprisal_from(logits_, token) : 0.0f;
    if (staying) make_room(unlimited);
    const bool observed = staying && next_step(plan_, writer_.state()).observed;
    writer_.read_scored(token, nats, staying, {1, observed, staying});
    logits_ = forward_.logits();
}

Session::Impl::Mark Session::Impl::end_of_prompt(int n_question, const Mark& before) {
    if (plan_.options.schedule != Schedule::at_end || before.stream_position == ended_at_)
        return before;
    Mark without_question = before;
    const int retain = plan_.options.budget.retain;
    if (cache_.n() > retain) {
        distil({.n_kept = retain, .n_last = n_question});
        without_question.n_kv = cache_.n() - n_question;
    }
    ended_at_ = before.stream_position;
    return without_question;
}

void Session::Impl::show_only(int n) {
    if (n == 0 || cache_.n() <= n) return;
    hidden_.emplace(cache_, distiller().choose(n), hiding_);
    distiller().renumber(hidden_->first_moved());
}

void Session::Impl::rewind(const Mark& mark) {
    hidden_.reset();
    writer_.rewind(mark);
}

void Session::Impl::record_answer(int answer_budget, double ttft_seconds) {
    stats_.answer_budget = answer_budget;
    stats_.ttft_seconds = ttft_seconds;
}

std::vector<KeptToken> Session::Impl::kept() const {
    const CacheShape& shape = cache_.shape();
    std::map<std::int64_t, KeptToken> tokens;
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) {
            for (const Tag& tag : cache_.tags(il, head)) {
                KeptToken& kept = tokens[tag.position];
                kept = {tag.position, tag.token, kept.share + 1};
            }
        }
    }
    std::vector<KeptToken> all;
    all.reserve(tokens.size());
    for (const auto& [position, kept] : tokens) {
        const auto n_heads = static_cast<float>(shape.n_layer * shape.n_head_kv);
        all.push_back({position, kept.token, kept.share / n_heads});
    }
    return all;
}

Stats Session::Impl::stats() const {
    Stats now = stats_;
    now.bytes_read = intake_.bytes_read();
    writer_.report(now);
    return now;
}

}  // namespace infinipot
