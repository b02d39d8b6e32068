#include "engine/generation_impl.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "engine/drawn_token.h"
#include "infinipot/error.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "observe/surprisal.h"
#include "text/json_schema.h"

namespace infinipot {

namespace {

constexpr int most_logprobs = 20;

void check(const GenerateOptions& options, int n_vocab) {
    if (options.max_tokens < 1) {
        throw Error(ErrorCode::invalid_argument, "max_tokens must be at least 1");
    }
    if (options.min_tokens < 0 || options.min_tokens > options.max_tokens) {
        throw Error(ErrorCode::invalid_argument, "min_tokens must lie between 0 and max_tokens");
    }
    if (options.n_logprobs.value_or(0) < 0 || options.n_logprobs.value_or(0) > most_logprobs) {
        throw Error(ErrorCode::invalid_argument, "n_logprobs must lie between 0 and 20");
    }
    for (const Token token : options.stop_tokens) {
        if (token >= 0 && token < n_vocab) continue;
        throw Error(ErrorCode::invalid_argument,
                    "there is no token " + std::to_string(token) + " to stop at");
    }
}

/// Returns what the answer's tokens follow; null: nothing.
std::unique_ptr<TokenGrammar> grammar_of(const GenerateOptions& options,
                                         const Vocabulary& vocabulary) {
    const bool has_schema = !options.json_schema.empty();
    if (options.grammar.empty() && !has_schema) return nullptr;
    if (!options.grammar.empty() && has_schema) {
        throw Error(ErrorCode::invalid_argument, "grammar and json_schema exclude each other");
    }
    return std::make_unique<TokenGrammar>(
        has_schema ? grammar_of_schema(options.json_schema) : options.grammar, vocabulary);
}

Sampler sampler_of(const GenerateOptions& options, const Model& model) {
    return Sampler(options.sampling, model.info().n_vocab, options.logit_bias,
                   grammar_of(options, Access::impl(model).vocabulary));
}

}  // namespace

void validate(const Model& model, const GenerateOptions& options) {
    check(options, model.info().n_vocab);
    require_utf8(options.answer_prefix, "the beginning of the answer");
    sampler_of(options, model);
    StopStrings(options.stop);
}

Generation::Impl::Impl(Session::Impl& session, std::span<const Token> prompt,
                       const GenerateOptions& options, Retention retention, int answer_budget)
    : session_(session),
      retention_(retention),
      before_(session.mark()),
      sampler_(sampler_of(options, session.model())),
      stops_(options.stop),
      options_(options) {
    check(options, session.model().info().n_vocab);
    if (options.min_tokens > 0) {
        const auto ends = Access::impl(session.model()).vocabulary.ends_of_answer();
        too_early_ = options.stop_tokens;
        too_early_.insert(too_early_.end(), ends.begin(), ends.end());
    }
    try {
        if (retention == Retention::none) session_.show_only(answer_budget);
        session_.read(prompt, retention == Retention::kept);
        before_ = session_.end_of_prompt(static_cast<int>(prompt.size()), before_);
    } catch (...) {
        if (retention == Retention::none) session_.rewind(before_);
        throw;
    }
    session_.set_generating(true);
}

Generation::Impl::~Impl() { close(); }

/// Forgets the answer unless it is kept.
void Generation::Impl::close() noexcept {
    if (closed_) return;
    closed_ = true;
    session_.set_generating(false);
    if (retention_ == Retention::none) session_.rewind(before_);
}

std::string Generation::Impl::next() {
    logprobs_.clear();
    while (!finished_) {
        const std::optional<Token> token = draw();
        if (!token) return finish();
        const std::string piece = Access::impl(session_.model()).vocabulary.piece(*token);
        std::string text = until_stop(pieces_.push(piece));
        if (!text.empty()) return text;
    }
    return {};
}

/// Returns the part of the answer that `text` completes. Ends the answer before a stop string.
std::string Generation::Impl::until_stop(const std::string& text) {
    if (n_tokens_ <= options_.min_tokens) return text;
    std::string part = stops_.push(text);
    if (stops_.found()) end(StopReason::stop_string);
    return part;
}

/// Returns the next token of the answer. Returns nothing at its end, and sets stop_reason_.
std::optional<Token> Generation::Impl::draw() {
    if (!read_last()) return std::nullopt;
    if (n_tokens_ == options_.max_tokens) {
        stop_reason_ = StopReason::max_tokens;
        return std::nullopt;
    }
    const Token token = pick();
    if (token == Sampler::nothing || ends_answer(token)) {
        stop_reason_ = StopReason::end_of_answer;
        return std::nullopt;
    }
    if (options_.n_logprobs) {
        logprobs_.push_back(drawn_token(session_.logits(), token, *options_.n_logprobs,
                                        Access::impl(session_.model()).vocabulary));
    }
    ++n_tokens_;
    session_.record_generated_token();
    last_ = token;
    return token;
}

Token Generation::Impl::pick() {
    const bool may_end = n_tokens_ >= options_.min_tokens;
    return sampler_.pick(session_.logits(), may_end ? std::span<const Token>() : too_early_);
}

double Generation::Impl::confidence(int n, double least) {
    double nats = 0;
    while (true) {
        const Token token = pick();
        if (token == Sampler::nothing) return n_tokens_ == 0 ? 0 : -nats / n_tokens_;
        nats += surprisal_from(session_.logits(), token);
        ++n_tokens_;
        const bool hopeless = -nats / n < least;  // though all to come were certain
        if (n_tokens_ == n || hopeless || ends_answer(token) || session_.room() == 0)
            return -nats / n_tokens_;
        session_.read_generated(token, false);
    }
}

bool Generation::Impl::ends_answer(Token token) const {
    return Access::impl(session_.model()).vocabulary.ends_answer(token) ||
           std::ranges::find(options_.stop_tokens, token) != options_.stop_tokens.end();
}

/// Reads the token drawn last. Returns false if there is no room for it.
bool Generation::Impl::read_last() {
    if (!last_) return true;
    const bool kept = retention_ == Retention::kept;
    if (!kept && n_tokens_ == options_.max_tokens) return true;  // nothing will be drawn from it
    if (!kept && session_.room() == 0) {
        stop_reason_ = StopReason::pot_full;
        return false;
    }
    const Stopwatch watch;
    session_.read_generated(*last_, kept);
    last_.reset();
    session_.record_decoding(watch.seconds());
    return true;
}

/// Ends the answer where draw() said, and returns the text that was held back.
std::string Generation::Impl::finish() {
    end(stop_reason_);
    std::string rest = stops_.push(pieces_.finish());
    if (stops_.found()) stop_reason_ = StopReason::stop_string;
    return rest + stops_.finish();
}

void Generation::Impl::end(StopReason reason) {
    finished_ = true;
    stop_reason_ = reason;
    close();
}

}  // namespace infinipot
