#pragma once

#include <optional>
#include <string>

namespace infinipot {

/// Text that a chat template puts around one user turn: `opening`, the user's words, `closing`.
/// The model's answer follows. Text and question together are the user's words.
struct ChatFrame {
    std::string opening;
    std::string closing;
};

/// Returns the frame of a chat template, or nothing if libllama does not recognise the template.
/// `chat_template` is its source text and `end_of_text` the vocabulary's end-of-text word.
std::optional<ChatFrame> chat_frame(const std::string& chat_template,
                                    const std::string& end_of_text = {});

}  // namespace infinipot
