#pragma once

#include <optional>
#include <string>

#include "engine/sampler.h"
#include "engine/session_impl.h"
#include "text/piece_stream.h"

namespace infinipot {

/// One answer in the making: draws a token, turns it into text, reads it back.
class Generation::Impl {
   public:
    enum class Trace { none, kept };  ///< whether the pot remembers what was said

    /// Reads the prompt.
    /// @throws Error(does_not_fit) if nothing may be kept and the prompt is larger than the room.
    Impl(Session::Impl& session, std::span<const Token> prompt, const GenerateOptions& options,
         Trace trace);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// The next piece of whole characters; empty at the end of the answer.
    std::string next();

    StopReason stop_reason() const { return stop_reason_; }
    int n_tokens() const { return n_tokens_; }

   private:
    std::optional<Token> draw();
    bool read_last();
    std::string finish(StopReason reason);
    void close() noexcept;

    Session::Impl& session_;
    Trace trace_;
    Session::Impl::Mark before_;
    Sampler sampler_;
    PieceStream pieces_;
    int max_tokens_;
    bool ignore_end_;
    std::optional<Token> last_;  // drawn but not yet read
    bool finished_ = false;
    bool closed_ = false;
    StopReason stop_reason_ = StopReason::end_of_answer;
    int n_tokens_ = 0;
};

}  // namespace infinipot
