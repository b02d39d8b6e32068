#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "engine/session_impl.h"
#include "text/piece_stream.h"

namespace infinipot {

/// One answer in the making: draws a token, turns it into text, reads it back.
class Generation::Impl {
   public:
    enum class Retention { none, kept };  ///< whether the pot remembers what was said

    /// Reads the prompt. If nothing may be kept, Session::Impl::require_room() has let it pass, and
    /// it sees `answer_budget` entries of what was before it; 0: all.
    Impl(Session::Impl& session, std::span<const Token> prompt, const GenerateOptions& options,
         Retention retention, int answer_budget = 0);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// The next piece of whole characters; empty at the end of the answer.
    std::string next();

    /// Mean ln P of its first tokens, up to n of them; less than `least` as soon as it cannot reach
    /// that. To be called instead of next().
    double confidence(int n, double least);

    StopReason stop_reason() const { return stop_reason_; }
    int n_tokens() const { return n_tokens_; }

   private:
    std::optional<Token> draw();
    Token pick();
    bool ends_answer(Token token) const;
    bool read_last();
    std::string finish(StopReason reason);
    void close() noexcept;

    Session::Impl& session_;
    Retention retention_;
    Session::Impl::Mark before_;
    Sampler sampler_;
    PieceStream pieces_;
    GenerateOptions options_;
    std::vector<Token> too_early_;  // what is not drawn before options_.min_tokens
    std::optional<Token> last_;     // drawn but not yet read
    bool finished_ = false;
    bool closed_ = false;
    StopReason stop_reason_ = StopReason::end_of_answer;
    int n_tokens_ = 0;
};

}  // namespace infinipot
