#pragma once

#include <optional>
#include <string>

namespace infinipot::cli {

/// Reads what a person says, message by message. On a terminal, GNU Readline edits the line and
/// remembers earlier ones, and pasted lines are one message. Elsewhere every line is a message. A
/// backslash at the end of a line goes on in the next one. One at a time.
class MessageReader {
   public:
    /// Reads the lines of earlier chats, if standard input and output are a terminal.
    MessageReader();
    ~MessageReader();
    MessageReader(const MessageReader&) = delete;
    MessageReader& operator=(const MessageReader&) = delete;

    /// Returns the next message, without the blanks around it; nothing at the end of the input.
    /// Ctrl-C on a terminal begins the line again.
    /// @throws Error(bad_text) if it is not UTF-8
    /// @throws Error(interrupted) after SIGTERM
    std::optional<std::string> next();

    bool is_interactive() const { return interactive_; }

   private:
    std::optional<std::string> line(const char* prompt) const;

    bool interactive_;
    std::string history_file_;
};

}  // namespace infinipot::cli
