#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "engine/session_impl.h"
#include "text/piece_stream.h"
#include "text/stop_strings.h"

namespace infinipot {

/// Generates one answer: draws a token, turns it into text, reads it back. Borrows the session,
/// which has one Generation at a time and must outlive it. Belongs to the session's thread.
class Generation::Impl {
   public:
    /// The fate of prompt and answer.
    enum class Retention {
        none,  ///< the cache is rewound when the answer ends
        kept,  ///< they become part of the stream
    };

    /// Reads the prompt. With Retention::none the prompt must have passed
    /// Session::Impl::require_room(), and it attends to `answer_budget` entries per head; 0: all.
    /// @throws Error(invalid_argument) if the options contradict each other or the vocabulary.
    /// @throws Error(bad_text) if a stop string is not UTF-8.
    /// @throws Error(interrupted), and then the session is as it was with Retention::none.
    /// @throws Error(does_not_fit) with Retention::kept, if the policy evicts nothing.
    Impl(Session::Impl& session, std::span<const Token> prompt, const GenerateOptions& options,
         Retention retention, int answer_budget = 0);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// Returns the next piece, whole UTF-8 characters; empty at the end of the answer.
    /// @throws Error(interrupted)
    std::string next();

    /// Returns the mean ln P, in nats per token, of the answer's first tokens, up to n of them.
    /// Stops early with a value less than `least` once `least` is out of reach. To be called
    /// instead of next().
    /// @throws Error(interrupted)
    double confidence(int n, double least);

    StopReason stop_reason() const { return stop_reason_; }
    int n_tokens() const { return n_tokens_; }

    /// Returns the tokens drawn by the last call of next().
    std::span<const DrawnToken> logprobs() const { return logprobs_; }

   private:
    std::optional<Token> draw();
    Token pick();
    bool ends_answer(Token token) const;
    bool read_last();
    std::string until_stop(const std::string& text);
    std::string finish();
    void end(StopReason reason);
    void close() noexcept;

    Session::Impl& session_;
    Retention retention_;
    Session::Impl::Mark before_;
    Sampler sampler_;
    PieceStream pieces_;
    StopStrings stops_;
    GenerateOptions options_;
    std::vector<Token> too_early_;  // not drawn before options_.min_tokens
    std::optional<Token> last_;     // drawn but not yet read
    bool finished_ = false;
    bool closed_ = false;
    StopReason stop_reason_ = StopReason::end_of_answer;
    int n_tokens_ = 0;
    std::vector<DrawnToken> logprobs_;
};

}  // namespace infinipot
