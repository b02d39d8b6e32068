#include "engine/session_impl.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "infinipot/error.h"
#include "model/model_impl.h"

namespace infinipot {

namespace {

constexpr std::size_t enqueued_bytes = Segmenter::segment_bytes;  // text taken at one time
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();  // tokens to come

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Entries that leave at one time though fewer tokens come: short texts, one after another, are not
/// worth a distillation each, and the tokens whose attention decides the next need room.
int min_evicted(const Plan& plan) { return std::max((plan.chunk() + 7) / 8, plan.needs.n_query); }

/// How many tokens' attention is measured without a break, at the most.
int n_observed(const Plan& plan) {
    switch (plan.needs.attention) {
        case AttentionProbe::none:
            return 0;
        case AttentionProbe::catalyst:
            return plan.largest_answer_budget() > 0
                       ? plan.options.budget.capacity  // a question of any length
                       : static_cast<int>(plan.catalyst.size());
        case AttentionProbe::recent:
            return plan.needs.n_query;
        case AttentionProbe::accumulated:
            return plan.options.n_batch;
    }
    return 0;
}

ForwardPass::Limits limits_of(const Plan& plan) {
    return {.n_batch = plan.options.n_batch,
            .n_observed = n_observed(plan),
            .surprisal = plan.measures_surprisal(),
            .expected_attention = plan.needs.expected_attention,
            .n_sink = plan.needs.n_sink,
            .renumber = plan.options.positions.rule == Positions::reset,
            .positions = plan.options.positions};
}

std::size_t attended_entry_bytes(const KvCache& cache) {
    const CacheShape& shape = cache.shape();
    const std::size_t layer_bytes =
        ggml_nbytes(cache.rotated_keys(0)) + ggml_nbytes(cache.values(0));
    return layer_bytes / static_cast<std::size_t>(shape.capacity) *
           static_cast<std::size_t>(shape.n_layer);
}

}  // namespace

float surprisal_from(std::span<const float> logits, Token token) {
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(logit - largest);
    return static_cast<float>(largest + std::log(sum) - logits[static_cast<std::size_t>(token)]);
}

Session::Impl::Impl(const Model& m, SessionOptions options)
    : model(m),
      plan(make_plan(m.impl(), std::move(options))),
      backend_(m.impl().device, plan.options.n_threads),
      cache_(cache_shape(plan, m.impl()), backend_.buffer_type()),
      forward_(m.impl(), backend_, cache_, limits_of(plan)),
      distiller_(plan, cache_, forward_),
      hiding_(cache_, plan.largest_answer_budget()),
      nats_(static_cast<std::size_t>(plan.options.n_batch)),
      tags_(static_cast<std::size_t>(plan.options.n_batch)) {
    if (plan.options.schedule == Schedule::per_token) {
        per_token_eviction_.emplace(plan, m.impl(), cache_, forward_, backend_);
    }
    if (BatchedPerTokenEviction::possible(plan, m.impl(), cache_)) {
        batched_eviction_.emplace(plan, m.impl(), cache_, forward_, *per_token_eviction_);
    }
    stats.pot_bytes = cache_.bytes();
    stats.attended_entry_bytes = attended_entry_bytes(cache_);
    stats.compute_bytes = forward_.bytes() + distiller_.bytes() + hiding_.bytes() +
                          (per_token_eviction_ ? per_token_eviction_->bytes() : 0) +
                          (batched_eviction_ ? batched_eviction_->bytes() : 0);
}

void Session::Impl::require_no_generation() const {
    if (!generating) return;
    throw Error(ErrorCode::invalid_argument,
                "an answer of this session is still being generated; finish or destroy it first");
}

// --- Text to tokens ---------------------------------------------------------------------------

void Session::Impl::begin_stream() {
    if (begun_) return;
    begun_ = true;
    waiting_ = plan.frame.opening;
}

void Session::Impl::ingest(std::string_view text, const IngestOptions& options) {
    require_no_generation();
    begin_stream();
    const Stopwatch watch;
    try {
        read_waiting(Remaining::text, options, watch);  // what an interrupted call has left
        while (!text.empty()) {
            const std::string_view part = text.substr(0, enqueued_bytes);
            text.remove_prefix(part.size());
            enqueue(part);
            read_waiting(Remaining::text, options, watch);
        }
    } catch (...) {
        forget_cut_off();
        throw;
    }
}

/// The caller goes on from bytes_read, which a character that was cut off does not count in.
void Session::Impl::forget_cut_off() {
    cut_off_.clear();
    validator_.restart();
}

/// Takes the whole characters of the text; the beginning of one that is cut off waits for the next
/// call.
void Session::Impl::enqueue(std::string_view text) {
    const bool valid = validator_.feed(text);
    std::string whole = std::exchange(cut_off_, {}) + std::string(text);
    const std::size_t n_whole = validator_.valid_bytes() - stats.bytes_read;
    if (valid) cut_off_ = whole.substr(n_whole);
    whole.resize(n_whole);
    stats.bytes_read += n_whole;
    has_text |= n_whole > 0;
    segmenter_.append(whole);
    while (auto segment = segmenter_.next()) tokenize(*segment);
    if (valid) return;
    throw Error(ErrorCode::bad_text, "the text is not UTF-8 at byte " +
                                         std::to_string(stats.bytes_read) +
                                         "; convert it first, for instance with iconv");
}

void Session::Impl::tokenize(std::string_view segment) {
    const auto tokens = model.impl().vocabulary.tokenize(segment);
    waiting_.insert(waiting_.end(), tokens.begin(), tokens.end());
}

void Session::Impl::flush(Remaining behind, const IngestOptions& options) {
    require_no_generation();
    begin_stream();
    if (!cut_off_.empty()) {
        forget_cut_off();
        throw Error(ErrorCode::bad_text, "the text ends inside a UTF-8 character at byte " +
                                             std::to_string(stats.bytes_read));
    }
    tokenize(segmenter_.rest());
    read_waiting(behind, options, Stopwatch());
}

// --- Tokens to the pot ------------------------------------------------------------------------

/// What is read next, once there is room. Depends on the pot alone, so that reading does not depend
/// on how the text arrives; batches end at the fill limit, so that what leaves does not depend on
/// n_batch.
Session::Impl::Step Session::Impl::next_step() const {
    const int tile = forward_.observed_tile_tokens();
    const bool in_first_half =
        plan.options.schedule == Schedule::before_reading && cache_.n() < plan.fill_limit / 2;
    const int room = (in_first_half ? plan.fill_limit / 2 : plan.fill_limit) - cache_.n();
    const int most = std::min(plan.options.n_batch, room);
    if (per_token_eviction_ && room == 0) {
        return {evicts_in_batches() ? batched_eviction_->most() : 1,
                plan.needs.attention != AttentionProbe::none};
    }
    if (plan.needs.attention == AttentionProbe::accumulated) return {std::min(most, tile), true};
    if (plan.needs.attention == AttentionProbe::recent &&
        plan.options.schedule == Schedule::when_full) {
        const int n_before = room - plan.needs.n_query;  // tokens before those that are observed
        return n_before > 0 ? Step{std::min(most, n_before), false}
                            : Step{std::min(most, tile), true};
    }
    return {most, false};
}

/// Likewise, of a prompt of which n_left tokens are to be read: one that is forgotten again, or one
/// at whose end entries leave. What does not decide leaves no trace in any measurement.
Session::Impl::Step Session::Impl::next_prompt_step(std::size_t n_left, bool staying,
                                                    bool deciding) const {
    const int tile = forward_.observed_tile_tokens();
    const int left = static_cast<int>(std::min<std::size_t>(n_left, 1u << 30));
    const int room = staying ? plan.fill_limit - cache_.n() : cache_.room();
    const int most = std::min({plan.options.n_batch, room, left});
    const bool counts = staying || deciding;
    if (plan.needs.attention == AttentionProbe::accumulated && counts) {
        return {std::min(most, tile), true, true};
    }
    if (plan.needs.attention != AttentionProbe::recent || !deciding) return {most, false, counts};
    const int n_before = left - plan.needs.n_query;
    return n_before > 0 ? Step{std::min(most, n_before), false, true}
                        : Step{std::min(most, tile), true, true};
}

bool Session::Impl::decides_eviction(int n_question) const {
    return plan.options.schedule == Schedule::at_end && stream_position_ != ended_at_ &&
           cache_.n() + n_question > plan.options.budget.retain;
}

/// Before the next token that is there to stay is read, of `n_to_come`.
void Session::Impl::make_room(std::size_t n_to_come) {
    if (cache_.n() < plan.fill_limit) return;
    switch (plan.options.schedule) {
        case Schedule::when_full:
            return distil_for(n_to_come);
        case Schedule::per_token:
            // the entry leaves when the token has been read, unless its policy has refused
            return evict_surplus();
        case Schedule::at_end:
        case Schedule::before_reading:
            break;
    }
    throw Error(ErrorCode::does_not_fit,
                "the text does not fit into the pot, which is full at " +
                    std::to_string(cache_.n()) + " entries, and policy " +
                    plan.options.policy->spec() + " with schedule " +
                    std::string(to_string(plan.options.schedule)) +
                    " lets none of them leave yet; raise the capacity or choose another schedule");
}

/// Schedule::before_reading: of what waits beyond the first half of the pot, only as much is held
/// as will fill the second.
void Session::Impl::leave_out_middle(std::size_t done) {
    const auto first_half = static_cast<std::size_t>(plan.fill_limit / 2);
    const auto n_kv = static_cast<std::size_t>(cache_.n());
    const std::size_t wanted = first_half > n_kv ? first_half - n_kv : 0;
    const std::size_t most = done + wanted + first_half;
    if (waiting_.size() <= most) return;
    const auto excess = static_cast<std::ptrdiff_t>(waiting_.size() - most);
    const auto middle = waiting_.begin() + static_cast<std::ptrdiff_t>(done + wanted);
    waiting_.erase(middle, middle + excess);
    stats.tokens_left_out += static_cast<std::uint64_t>(excess);
}

/// How much of the text `n_waiting` unread tokens leave read: an estimate, but exact at the end.
std::uint64_t Session::Impl::bytes_in_pot(std::size_t n_waiting) const {
    const double tokenized = static_cast<double>(stats.bytes_read - segmenter_.waiting_bytes());
    const double n_read = static_cast<double>(stats.tokens_read);
    return static_cast<std::uint64_t>(tokenized * n_read /
                                      (n_read + static_cast<double>(n_waiting)));
}

void Session::Impl::read_waiting(Remaining behind, const IngestOptions& options,
                                 const Stopwatch& watch) {
    const bool all = behind != Remaining::text;
    std::size_t done = 0;
    const Stopwatch reading;
    const auto close = [&] {
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
        stats.prefill_seconds += reading.seconds();
    };
    try {
        if (plan.options.schedule == Schedule::before_reading) leave_out_middle(done);
        while (done < waiting_.size()) {
            const std::size_t n_left = waiting_.size() - done;
            if (!all && must_wait(n_left)) break;
            make_room(behind == Remaining::nothing ? n_left : unlimited);
            const Step step = next_step();
            std::size_t n = static_cast<std::size_t>(step.n_tokens);
            if (n > n_left && !all) break;
            n = std::min(n, n_left);
            const auto batch = std::span<const Token>(waiting_).subspan(done, n);
            read_batch(batch, true, step);
            done += n;
            stats.tokens_read += n;
            if (options.on_progress) report_progress(options, batch, waiting_.size() - done, watch);
            if (batched_eviction_) batched_eviction_->rethrow_failure();
        }
    } catch (...) {
        close();
        throw;
    }
    close();
}

void Session::Impl::report_progress(const IngestOptions& options, std::span<const Token> batch,
                                    std::size_t n_waiting, const Stopwatch& watch) const {
    const auto nats = std::span(nats_).first(plan.options.measure_surprisal ? batch.size() : 0);
    options.on_progress({bytes_in_pot(n_waiting), stats.tokens_read, stats.distillations,
                         watch.seconds(), nats, batch});
}

/// Whether the rest of the text, of which n_left tokens are known, must be before more is read.
bool Session::Impl::must_wait(std::size_t n_left) const {
    if (plan.options.schedule == Schedule::before_reading) return cache_.n() >= plan.fill_limit / 2;
    return plan.options.budget.fill && cache_.n() >= plan.fill_limit && n_left < size(plan.chunk());
}

/// Where the next token is rotated to.
int Session::Impl::position() const {
    if (plan.options.positions.rule == Positions::reset) {
        return per_token_eviction_ ? per_token_eviction_->next_position() : cache_.n();
    }
    constexpr std::int64_t largest = std::numeric_limits<int>::max() / 2;
    return static_cast<int>(std::min(stream_position_, largest));
}

void Session::Impl::read_batch(std::span<const Token> tokens, bool staying, const Step& step) {
    if (staying && evicts_in_batches()) return read_in_batches(tokens);
    run(tokens, step.observed);
    append(tokens, staying ? measure_surprisal(tokens) : no_surprisal(tokens), staying, step);
}

/// Only once the policy has let an entry go: one that refuses to must be heard before anything is
/// lost.
bool Session::Impl::evicts_in_batches() const {
    return batched_eviction_ && cache_.n() == plan.fill_limit && stats.distillations > 0;
}

/// The policy does not ask for surprisal, so tags do without.
void Session::Impl::read_in_batches(std::span<const Token> tokens) {
    const auto n = static_cast<int>(tokens.size());
    batched_eviction_->read(tokens, tags_of(tokens, no_surprisal(tokens)), position());
    measure_surprisal(tokens, true);
    forward_.advance();
    stats.distillations += n;
    stream_position_ += n;
}

/// Attention of recent tokens adds up over as many of them as the policy asks for; what they were
/// before is forgotten at the first.
void Session::Impl::run(std::span<const Token> tokens, bool observed) {
    if (observed && !observing_) forward_.forget_attention();
    forward_.run(tokens, position(), observed);
    observing_ = observed && plan.needs.attention == AttentionProbe::recent && !per_token_eviction_;
}

void Session::Impl::accumulate_attention(int n_slots) {
    const CacheShape& shape = cache_.shape();
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) {
            const int row = il * shape.n_head_kv + head;
            cache_.add_attention(
                il, head,
                forward_.attention().subspan(
                    static_cast<std::size_t>(row) * static_cast<std::size_t>(shape.capacity),
                    static_cast<std::size_t>(n_slots)));
        }
    }
}

std::span<const float> Session::Impl::no_surprisal(std::span<const Token> tokens) {
    const std::span<float> nats = std::span(nats_).first(tokens.size());
    std::ranges::fill(nats, 0.0f);
    return nats;
}

/// Of the last run; zeros if nobody asks for it.
std::span<const float> Session::Impl::measure_surprisal(std::span<const Token> tokens,
                                                        bool wholly) {
    if (!plan.measures_surprisal()) return no_surprisal(tokens);
    const Stopwatch watch;
    const std::span<float> nats = std::span(nats_).first(tokens.size());
    forward_.surprisal(tokens, nats, wholly);
    if (stream_position_ == 0) nats[0] = 0;  // nothing predicts the first token of the stream
    stats.surprisal_seconds += watch.seconds();
    return nats;
}

std::span<const Tag> Session::Impl::tags_of(std::span<const Token> tokens,
                                            std::span<const float> nats) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        tags_[i] = {nats[i], tokens[i], stream_position_ + static_cast<std::int64_t>(i)};
    }
    return std::span(tags_).first(tokens.size());
}

void Session::Impl::append(std::span<const Token> tokens, std::span<const float> nats, bool staying,
                           const Step& step) {
    const int n = static_cast<int>(tokens.size());
    forward_.advance(step.counts);
    if (plan.needs.attention == AttentionProbe::accumulated && step.observed) {
        accumulate_attention(cache_.n() + n);
    }
    cache_.append(tags_of(tokens, nats));
    stats.peak_n_kv = std::max(stats.peak_n_kv, cache_.n());
    stream_position_ += n;
    if (per_token_eviction_ && staying) {
        per_token_eviction_->append(n);
        evict_surplus();
    }
}

/// Schedule::per_token: the pot holds one entry more than is retained.
void Session::Impl::evict_surplus() {
    if (cache_.n() <= plan.fill_limit) return;
    per_token_eviction_->evict();
    ++stats.distillations;
}

/// Makes room for a chunk, or for what is to come if that is less: then of the last chunk, which
/// is the latest that was read, no more leaves than must.
void Session::Impl::distil_for(std::size_t n_to_come) {
    const int chunk = plan.chunk();
    const int n_leaving = plan.options.budget.fill && n_to_come < size(chunk)
                              ? std::max(static_cast<int>(n_to_come), min_evicted(plan))
                              : chunk;
    distil(plan.fill_limit - n_leaving, chunk - n_leaving);
}

void Session::Impl::distil(int n, int n_last) {
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    stats.peak_n_kv = std::max(stats.peak_n_kv, cache_.n() + n_catalyst);
    distiller_.distil(stream_position_, n, n_last);
    observing_ = false;  // what was measured is of slots that have moved
    ++stats.distillations;
}

// --- Questions and answers --------------------------------------------------------------------

/// Room for the catalyst, if entries leave when the question has been read, and for at least one
/// entry of the text.
void Session::Impl::require_room(int n_question) const {
    int n = room();
    if (decides_eviction(n_question)) {
        n = std::min(n - static_cast<int>(plan.catalyst.size()), plan.options.budget.retain);
    }
    if (n_question < n) return;
    throw Error(ErrorCode::does_not_fit, "the question has " + std::to_string(n_question) +
                                             " tokens and the pot has room for " +
                                             std::to_string(n) +
                                             "; ask a shorter one or raise the reserve");
}

void Session::Impl::read(std::span<const Token> tokens, bool staying) {
    const bool deciding = decides_eviction(static_cast<int>(tokens.size()));
    if (deciding) observing_ = false;
    while (!tokens.empty()) {
        if (staying) make_room(unlimited);
        const bool is_end = !staying || plan.options.schedule == Schedule::at_end;
        const Step step = is_end ? next_prompt_step(tokens.size(), staying, deciding) : next_step();
        assert(step.n_tokens > 0);
        const auto n = std::min(static_cast<std::size_t>(step.n_tokens), tokens.size());
        read_batch(tokens.first(n), staying, step);
        tokens = tokens.subspan(n);
        if (batched_eviction_) batched_eviction_->rethrow_failure();
    }
    logits_ = forward_.logits();
}

void Session::Impl::read_generated(Token token, bool staying) {
    const Stopwatch watch;
    const bool tagged = staying && plan.measures_surprisal();
    const float nats = tagged ? surprisal_from(logits_, token) : 0.0f;
    if (staying) make_room(unlimited);
    const Step step{1, staying && next_step().observed, staying};
    run({&token, 1}, step.observed);
    append({&token, 1}, {&nats, 1}, staying, step);
    logits_ = forward_.logits();
    stats.decode_seconds += watch.seconds();
}

Session::Impl::Mark Session::Impl::end_of_prompt(int n_question, const Mark& before) {
    if (plan.options.schedule != Schedule::at_end || before.stream_position == ended_at_)
        return before;
    Mark without_question = before;
    if (cache_.n() > plan.options.budget.retain) {
        distil(plan.options.budget.retain, n_question);
        without_question.n_kv = cache_.n() - n_question;
    }
    ended_at_ = before.stream_position;
    return without_question;
}

Session::Impl::Mark Session::Impl::mark() const {
    return {cache_.n(), stream_position_, forward_.preceding_state(), observing_};
}

void Session::Impl::attend(std::span<const Token> question) {
    const int n_question = static_cast<int>(question.size());
    stats.peak_n_kv = std::max(stats.peak_n_kv, cache_.n() + n_question);
    distiller_.attend(question, cache_.n());
}

void Session::Impl::show_only(int n) {
    if (n == 0 || cache_.n() <= n) return;
    hidden_.emplace(cache_, distiller_.choose(n), hiding_);
    distiller_.renumber(hidden_->first_moved());
}

void Session::Impl::rewind(const Mark& mark) {
    hidden_.reset();
    cache_.truncate(mark.n_kv);
    stream_position_ = mark.stream_position;
    forward_.set_preceding_state(mark.preceding_state);
    observing_ = mark.observing;
}

Stats Session::Impl::current_stats() const {
    Stats now = stats;
    now.n_kv = cache_.n();
    now.catalyst_seconds = distiller_.times().catalyst;
    now.select_seconds = distiller_.times().select;
    now.gather_seconds = distiller_.times().gather;
    now.graph_seconds = forward_.graph_seconds();
    if (per_token_eviction_) now.select_seconds += per_token_eviction_->seconds();
    if (batched_eviction_) now.select_seconds += batched_eviction_->seconds();
    return now;
}

}  // namespace infinipot
