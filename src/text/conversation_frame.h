#pragma once

#include <optional>
#include <string>

namespace infinipot {

class ChatTemplate;

/// The text around what a model thinks before it answers. Blanks at the ends are left out.
struct ThinkingTags {
    std::string begin;  ///< such as "<think>"
    std::string end;    ///< such as "</think>"

    bool operator==(const ThinkingTags&) const = default;
};

/// What a chat template writes between the turns of a conversation.
struct ConversationFrame {
    /// Follows an answer, and a user's words follow: the answer's end and the turn's opening.
    std::string reopening;
    /// Follows a user's words before an answer that lies in the past. A prompt that asks for an
    /// answer may add to it: the beginning of a thought, or an empty one.
    std::string answer_header;
    std::optional<ThinkingTags> thinking;  ///< nothing for a model that does not think
    bool forgets_thinking = false;         ///< earlier answers stand without their thoughts

    bool operator==(const ConversationFrame&) const = default;
};

/// Finds out the frame by rendering conversations. Returns nothing if the template does not write
/// the words of user and assistant once each. Any thread may call it.
std::optional<ConversationFrame> conversation_frame(const ChatTemplate& chat_template);

}  // namespace infinipot
