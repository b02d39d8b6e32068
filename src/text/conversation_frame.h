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
    /// What an answer that lies in the past begins with, in place of take_opener() of a prompt that
    /// asked for it; empty in most templates.
    std::string past_opener;
    std::optional<ThinkingTags> thinking;  ///< nothing for a model that does not think
    bool forgets_thinking = false;         ///< earlier answers stand without their thoughts

    bool operator==(const ConversationFrame&) const = default;
};

/// Cuts off and returns what a prompt begins an answer with: an open thought, or an empty one.
std::string take_opener(std::string& prompt, const ThinkingTags& tags);

/// Returns whether an opener begins a thought and does not end it.
bool begins_thought(const std::string& opener, const ThinkingTags& tags);

/// Finds out the frame by rendering conversations. Returns nothing if the template does not write
/// the words of user and assistant once each. Any thread may call it.
std::optional<ConversationFrame> conversation_frame(const ChatTemplate& chat_template);

}  // namespace infinipot
