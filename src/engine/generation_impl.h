#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "engine/session_impl.h"
#include "text/piece_stream.h"
#include "text/stop_strings.h"
#include "text/thinking_split.h"

namespace infinipot {

/// Generates one answer: draws a token, turns it into text, reads it back. Borrows the session,
/// which has one Generation at a time and must outlive it. Belongs to the session's thread.
class Generation::Impl {
   public:
    /// The fate of prompt and answer.
    enum class Retention {
        none,  ///< the cache is rewound when the answer ends
        kept,  ///< they become part of the stream
        turn,  ///< the same, and they are a turn of the conversation
    };

    /// How an answer is generated, besides the caller's options.
    struct Setting {
        Retention retention = Retention::none;
        int answer_budget = 0;  ///< entries per head that the prompt attends to; 0: all
        std::optional<ThinkingTags> thinking = {};  ///< around a thought of the model
        bool begins_thought = false;                ///< the prompt ends inside one
        bool has_opener = false;  ///< the prompt ends with more than an earlier answer begins with
    };

    /// Reads the prompt. With Retention::none the prompt must have passed
    /// Session::Impl::require_room().
    /// @throws Error(invalid_argument) if the options contradict each other or the vocabulary.
    /// @throws Error(bad_text) if a stop string is not UTF-8.
    /// @throws Error(interrupted), and then the session is as it was with Retention::none.
    /// @throws Error(does_not_fit) with Retention::kept, if the policy evicts nothing.
    Impl(Session::Impl& session, std::span<const Token> prompt, const GenerateOptions& options,
         const Setting& setting);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    using Piece = ThinkingSplit::Piece;

    /// Returns the next piece, whole UTF-8 characters; empty at the end of the answer.
    /// @throws Error(interrupted)
    Piece next();

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
    Token next_token();
    void limit_thought();
    void take(std::vector<Piece> pieces);
    std::string until_stop(const std::string& text);
    void finish();
    void end(StopReason reason);
    void close() noexcept;

    Session::Impl& session_;
    Setting setting_;
    Session::Impl::Mark before_;
    Sampler sampler_;
    PieceStream pieces_;
    ThinkingSplit split_;
    StopStrings stops_;
    std::deque<Piece> ready_;   // generated but not yet returned
    std::deque<Token> forced_;  // end a thought that has become too long
    int n_thinking_ = 0;        // tokens of the thought
    std::string answer_;        // so far, if setting_.thinking
    GenerateOptions options_;
    std::vector<Token> too_early_;  // not drawn before options_.min_tokens
    std::optional<Token> last_;     // drawn but not yet read
    bool finished_ = false;         // nothing more is drawn
    bool closed_ = false;
    StopReason stop_reason_ = StopReason::end_of_answer;
    int n_tokens_ = 0;
    std::vector<DrawnToken> logprobs_;
};

}  // namespace infinipot
