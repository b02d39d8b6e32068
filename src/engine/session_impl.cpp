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

ForwardPass::Limits limits_of(const Plan& plan) {
    return {.n_batch = plan.options.n_batch,
            .n_catalyst = static_cast<int>(plan.catalyst.size()),
            .surprisal = plan.needs.surprisal,
            .renumber = plan.options.positions == Positions::reset};
}

/// -ln P(token) from logits, in nats.
float surprisal_from(std::span<const float> logits, Token token) {
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(logit - largest);
    return static_cast<float>(largest + std::log(sum) - logits[static_cast<std::size_t>(token)]);
}

}  // namespace

Session::Impl::Impl(const Model& m, SessionOptions options)
    : model(m),
      plan(make_plan(m.impl(), std::move(options))),
      backend_(plan.options.n_threads),
      cache_(m.impl().hparams.cache_shape(plan.options.budget.capacity), backend_.buffer_type()),
      forward_(m.impl(), backend_, cache_, limits_of(plan)),
      distiller_(plan, cache_, forward_),
      nats_(static_cast<std::size_t>(plan.options.n_batch)),
      tags_(static_cast<std::size_t>(plan.options.n_batch)) {
    stats.pot_bytes = cache_.bytes();
    stats.compute_bytes = forward_.bytes();
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
    waiting_ = plan.opening;
}

void Session::Impl::ingest(std::string_view text, const IngestOptions& options) {
    require_no_generation();
    begin_stream();
    const Stopwatch watch;
    try {
        read_waiting(false, options, watch);  // what an interrupted call has left
        while (!text.empty()) {
            const std::string_view part = text.substr(0, enqueued_bytes);
            text.remove_prefix(part.size());
            enqueue(part);
            read_waiting(false, options, watch);
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

void Session::Impl::flush(const IngestOptions& options) {
    require_no_generation();
    begin_stream();
    if (!cut_off_.empty()) {
        forget_cut_off();
        throw Error(ErrorCode::bad_text, "the text ends inside a UTF-8 character at byte " +
                                             std::to_string(stats.bytes_read));
    }
    tokenize(segmenter_.rest());
    read_waiting(true, options, Stopwatch());
}

// --- Tokens to the pot ------------------------------------------------------------------------

/// How many tokens the next batch takes. Depends on the pot alone, so that reading does not depend
/// on how the text arrives; batches end at the fill limit, so that distillations do not depend on
/// n_batch.
int Session::Impl::next_batch() const {
    return std::min(plan.options.n_batch, plan.fill_limit - cache_.n());
}

/// How much of the text `n_waiting` unread tokens leave read: an estimate, but exact at the end.
std::uint64_t Session::Impl::bytes_in_pot(std::size_t n_waiting) const {
    const double tokenized = static_cast<double>(stats.bytes_read - segmenter_.waiting_bytes());
    const double n_read = static_cast<double>(stats.tokens_read);
    return static_cast<std::uint64_t>(tokenized * n_read /
                                      (n_read + static_cast<double>(n_waiting)));
}

void Session::Impl::read_waiting(bool all, const IngestOptions& options, const Stopwatch& watch) {
    std::size_t done = 0;
    const Stopwatch reading;
    const auto close = [&] {
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
        stats.prefill_seconds += reading.seconds();
    };
    try {
        while (done < waiting_.size()) {
            if (cache_.n() >= plan.fill_limit) distil();
            const std::size_t n_left = waiting_.size() - done;
            std::size_t n = static_cast<std::size_t>(next_batch());
            if (n > n_left && !all) break;
            n = std::min(n, n_left);
            read_batch(std::span(waiting_).subspan(done, n), true);
            done += n;
            stats.tokens_read += n;
            if (options.on_progress) {
                options.on_progress({bytes_in_pot(waiting_.size() - done), stats.tokens_read,
                                     stats.distillations, watch.seconds()});
            }
        }
    } catch (...) {
        close();
        throw;
    }
    close();
}

/// Where the next token is rotated to.
int Session::Impl::position() const {
    if (plan.options.positions == Positions::reset) return cache_.n();
    constexpr std::int64_t largest = std::numeric_limits<int>::max() / 2;
    return static_cast<int>(std::min(stream_position_, largest));
}

void Session::Impl::read_batch(std::span<const Token> tokens, bool tagged) {
    forward_.run(tokens, position());
    const std::span<float> nats = std::span(nats_).first(tokens.size());
    std::ranges::fill(nats, 0.0f);
    if (tagged && plan.needs.surprisal) measure_surprisal(tokens, nats);
    append(tokens, nats);
}

void Session::Impl::measure_surprisal(std::span<const Token> tokens, std::span<float> nats) {
    const Stopwatch watch;
    forward_.surprisal(tokens, nats);
    if (stream_position_ == 0) nats[0] = 0;  // nothing predicts the first token of the stream
    stats.surprisal_seconds += watch.seconds();
}

void Session::Impl::append(std::span<const Token> tokens, std::span<const float> nats) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        tags_[i] = {nats[i], tokens[i], stream_position_ + static_cast<std::int64_t>(i)};
    }
    cache_.append(std::span(tags_).first(tokens.size()));
    stream_position_ += static_cast<std::int64_t>(tokens.size());
    stats.peak_n_kv = std::max(stats.peak_n_kv, cache_.n());
    forward_.advance();
}

void Session::Impl::distil() {
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    stats.peak_n_kv = std::max(stats.peak_n_kv, cache_.n() + n_catalyst);
    distiller_.distil(stream_position_);
    ++stats.distillations;
}

// --- Questions and answers --------------------------------------------------------------------

void Session::Impl::read(std::span<const Token> tokens, bool distilling) {
    while (!tokens.empty()) {
        if (distilling && cache_.n() >= plan.fill_limit) distil();
        const int room = distilling ? next_batch() : std::min(plan.options.n_batch, cache_.room());
        assert(room > 0);
        const auto n = std::min(static_cast<std::size_t>(room), tokens.size());
        read_batch(tokens.first(n), distilling);
        tokens = tokens.subspan(n);
    }
    logits_ = forward_.logits();
}

void Session::Impl::read_generated(Token token, bool distilling) {
    const Stopwatch watch;
    const bool tagged = distilling && plan.needs.surprisal;
    const float nats = tagged ? surprisal_from(logits_, token) : 0.0f;
    if (distilling && cache_.n() >= plan.fill_limit) distil();
    forward_.run({&token, 1}, position());
    append({&token, 1}, {&nats, 1});
    logits_ = forward_.logits();
    stats.decode_seconds += watch.seconds();
}

Session::Impl::Mark Session::Impl::mark() const {
    return {cache_.n(), stream_position_, forward_.preceding_state()};
}

void Session::Impl::rewind(const Mark& mark) {
    cache_.truncate(mark.n_kv);
    stream_position_ = mark.stream_position;
    forward_.set_preceding_state(mark.preceding_state);
}

Stats Session::Impl::current_stats() const {
    Stats now = stats;
    now.n_kv = cache_.n();
    now.catalyst_seconds = distiller_.times().catalyst;
    now.select_seconds = distiller_.times().select;
    now.gather_seconds = distiller_.times().gather;
    return now;
}

}  // namespace infinipot
