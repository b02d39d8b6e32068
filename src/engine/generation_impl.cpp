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
    if (options.max_thinking_tokens.value_or(1) < 1) {
        throw Error(ErrorCode::invalid_argument,
                    "max_thinking_tokens must be at least 1; set think to false for no thought");
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
                       const GenerateOptions& options, const Setting& setting)
    : session_(session),
      setting_(setting),
      before_(session.mark()),
      sampler_(sampler_of(options, session.model())),
      split_(setting.thinking ? ThinkingSplit(*setting.thinking, setting.begins_thought)
                              : ThinkingSplit()),
      stops_(options.stop),
      options_(options) {
    check(options, session.model().info().n_vocab);
    if (options.min_tokens > 0) {
        const auto ends = Access::impl(session.model()).vocabulary.ends_of_answer();
        too_early_ = options.stop_tokens;
        too_early_.insert(too_early_.end(), ends.begin(), ends.end());
    }
    const bool forgotten = setting.retention == Retention::none;
    try {
        if (forgotten) session_.show_only(setting.answer_budget);
        session_.read(prompt, !forgotten);
        before_ = session_.end_of_prompt(static_cast<int>(prompt.size()), before_);
    } catch (...) {
        if (forgotten) session_.rewind(before_);
        throw;
    }
    session_.set_generating(true);
}

Generation::Impl::~Impl() { close(); }

/// Forgets the answer unless it is kept. An answer that is cut off has a token that was not read.
void Generation::Impl::close() noexcept {
    if (closed_) return;
    closed_ = true;
    session_.set_generating(false);
    if (setting_.retention == Retention::none) session_.rewind(before_);
    if (setting_.retention != Retention::turn) return;
    const bool has_more = split_.has_thought() || setting_.has_opener;
    session_.end_answer(last_, has_more ? std::optional(answer_) : std::nullopt);
}

Generation::Impl::Piece Generation::Impl::next() {
    logprobs_.clear();
    while (ready_.empty() && !finished_) {
        const std::optional<Token> token = draw();
        if (!token) {
            finish();
            break;
        }
        const std::string piece = Access::impl(session_.model()).vocabulary.piece(*token);
        take(split_.push(pieces_.push(piece)));
        limit_thought();
    }
    if (finished_) close();
    if (ready_.empty()) return {};
    Piece piece = std::move(ready_.front());
    ready_.pop_front();
    return piece;
}

/// Takes pieces of the answer, up to a stop string, and of the thought before it.
void Generation::Impl::take(std::vector<Piece> pieces) {
    for (Piece& piece : pieces) {
        if (!piece.is_thinking) piece.text = until_stop(piece.text);
        if (!piece.is_thinking && setting_.thinking) answer_ += piece.text;
        if (!piece.text.empty()) ready_.push_back(std::move(piece));
        if (finished_) return;
    }
}

/// Ends the thought once it has as many tokens as it may have.
void Generation::Impl::limit_thought() {
    if (!split_.is_thinking() || !forced_.empty()) return;
    if (++n_thinking_ < options_.max_thinking_tokens.value_or(options_.max_tokens)) return;
    const std::string end = "\n" + setting_.thinking->end + "\n\n";
    const auto tokens = Access::impl(session_.model()).vocabulary.tokenize_control(end);
    forced_.assign(tokens.begin(), tokens.end());
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
    const Token token = next_token();
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

Token Generation::Impl::next_token() {
    if (forced_.empty()) return pick();
    const Token token = forced_.front();
    forced_.pop_front();
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
    const bool kept = setting_.retention != Retention::none;
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

/// Ends the answer where draw() said, and takes the text that was held back.
void Generation::Impl::finish() {
    take(split_.push(pieces_.finish()));
    if (!finished_) take(split_.finish());
    if (!finished_) {
        std::string rest = stops_.finish();
        if (setting_.thinking) answer_ += rest;
        if (!rest.empty()) ready_.push_back({std::move(rest), false});
        end(stop_reason_);
    }
}

void Generation::Impl::end(StopReason reason) {
    finished_ = true;
    stop_reason_ = reason;
}

}  // namespace infinipot
