#include "engine/generation_impl.h"

#include <algorithm>

#include "infinipot/error.h"
#include "model/model_impl.h"

namespace infinipot {

namespace {

/// Room that a question leaves: for the catalyst, if entries leave when it has been read, and for
/// at least one entry of the text.
void check_room(const Session::Impl& session, std::size_t n_prompt) {
    int room = session.room();
    if (session.decides(static_cast<int>(n_prompt))) {
        room = std::min(room - static_cast<int>(session.plan.catalyst.size()),
                        session.plan.options.budget.retain);
    }
    if (static_cast<int>(n_prompt) < room) return;
    throw Error(ErrorCode::does_not_fit, "the question has " + std::to_string(n_prompt) +
                                             " tokens and the pot has room for " +
                                             std::to_string(room) +
                                             "; ask a shorter one or raise the reserve");
}

}  // namespace

Generation::Impl::Impl(Session::Impl& session, std::span<const Token> prompt,
                       const GenerateOptions& options, Trace trace)
    : session_(session),
      trace_(trace),
      before_(session.mark()),
      sampler_(options.sampling, session.model.info().n_vocab),
      max_tokens_(options.max_tokens),
      ignore_end_(options.ignore_end) {
    if (options.max_tokens < 1) {
        throw Error(ErrorCode::invalid_argument, "max_tokens must be at least 1");
    }
    if (trace == Trace::none) check_room(session, prompt.size());
    try {
        session_.read(prompt, trace == Trace::kept);
        before_ = session_.end_of_prompt(static_cast<int>(prompt.size()), before_);
    } catch (...) {
        if (trace == Trace::none) session_.rewind(before_);
        throw;
    }
    session_.generating = true;
}

Generation::Impl::~Impl() { close(); }

/// Takes the answer back or, if it is to be kept, completes it.
void Generation::Impl::close() noexcept {
    if (closed_) return;
    closed_ = true;
    session_.generating = false;
    if (trace_ == Trace::none) session_.rewind(before_);
}

std::string Generation::Impl::next() {
    while (!finished_) {
        const std::optional<Token> token = draw();
        if (!token) return finish(stop_reason_);
        std::string text = pieces_.push(session_.model.impl().vocabulary.piece(*token));
        if (!text.empty()) return text;
    }
    return {};
}

/// The next token of the answer; nothing if it ends, and then stop_reason_ says why.
std::optional<Token> Generation::Impl::draw() {
    if (!read_last()) return std::nullopt;
    if (n_tokens_ == max_tokens_) {
        stop_reason_ = StopReason::max_tokens;
        return std::nullopt;
    }
    const Token token = sampler_.pick(session_.logits());
    if (!ignore_end_ && session_.model.impl().vocabulary.ends_answer(token)) {
        stop_reason_ = StopReason::end_of_answer;
        return std::nullopt;
    }
    ++n_tokens_;
    ++session_.stats.tokens_generated;
    last_ = token;
    return token;
}

/// Lets the model see the token drawn last. False if there is no room for it.
bool Generation::Impl::read_last() {
    if (!last_) return true;
    const bool kept = trace_ == Trace::kept;
    if (!kept && n_tokens_ == max_tokens_) return true;  // nothing will be drawn from it
    if (!kept && session_.room() == 0) {
        stop_reason_ = StopReason::pot_full;
        return false;
    }
    const Token token = *last_;
    last_.reset();
    session_.read_generated(token, kept);
    return true;
}

std::string Generation::Impl::finish(StopReason reason) {
    finished_ = true;
    stop_reason_ = reason;
    close();
    return pieces_.finish();
}

}  // namespace infinipot
