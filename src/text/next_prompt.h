#pragma once

#include <span>
#include <string>
#include <vector>

#include "infinipot/message.h"
#include "text/prompt_part.h"

namespace infinipot {

class ChatTemplate;

/// Where a conversation stands.
enum class Turn {
    beginning,  ///< nothing was said
    users,      ///< a user's turn is open: a text was read, or its first part
    answered,   ///< an answer was generated, and its end is not written
};

struct NextPromptOptions {
    std::string system_prompt = {};  ///< empty: the template's own
    std::string separator = {};      ///< between a text that was read and a user's words
    bool enable_thinking = true;
};

/// Returns what a chat template writes before the first words of a user, with a system prompt.
/// @throws Error(invalid_argument) if the template refuses it, or does not write both.
std::vector<PromptPart> opening_prompt(const ChatTemplate& chat_template,
                                       const std::string& system_prompt);

/// Returns what a chat template writes for the next messages of a conversation, up to the beginning
/// of an answer. What was read before is not needed and not written again.
/// @throws Error(invalid_argument) if there are no messages, if a user's turn is open and the first
/// one is not the user's, or if the template refuses them or does not write them.
std::vector<PromptPart> next_prompt(const ChatTemplate& chat_template, Turn turn,
                                    std::span<const Message> messages,
                                    const NextPromptOptions& options);

}  // namespace infinipot
