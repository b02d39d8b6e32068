#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/chat_command.h"
#include "eval/text/stored_pot.h"
#include "infinipot/infinipot.h"

namespace infinipot::cli {

struct ChatSettings {
    std::string pot = {};  ///< file that /save writes to; empty: none yet
    SessionOptions session = {};
    GenerateOptions generate = {};
    bool shows_thinking = false;
    bool quiet = false;  ///< no progress and no status
};

/// A conversation on a terminal or through pipes: what people say and commands go in, answers go to
/// standard output as they are generated, all else to standard error. Ctrl-C ends an answer or a
/// reading, and not the chat.
class Chat {
   public:
    /// Goes on in a pot, or begins with its session.
    Chat(eval::StoredPot pot, ChatSettings settings);

    /// Answers a message.
    /// @throws as Session::reply() does, but for Error(interrupted) by Ctrl-C
    /// @throws Error(interrupted) after SIGTERM
    void say(const std::string& message);

    /// Obeys a command other than quit.
    /// @throws Error with a sentence for the person who typed it
    void obey(const ChatCommand& command);

    /// Reads a text, or what it has gained since it was read.
    /// @throws Error(bad_text) if it is white space alone
    /// @throws Error(interrupted) after Ctrl-C: the same command then goes on
    void read(const std::string& file);

    /// Returns whether something was said or read since the last save().
    bool is_unsaved() const { return unsaved_; }

   private:
    void answer(const std::string& message, const GenerateOptions& options);
    void stream(Generation& generation);
    void save(const std::string& file);
    void undo();
    void retry();
    void system(const std::string& text);
    void print_status(const Generation& generation, double seconds) const;
    std::string stats_text();
    std::string kept_text();

    eval::StoredPot pot_;
    ChatSettings settings_;
    std::vector<std::string> said_;  // that undo() can take back
    std::uint32_t n_retries_ = 0;
    bool unsaved_ = false;
};

}  // namespace infinipot::cli
