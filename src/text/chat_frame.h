#pragma once

#include <optional>
#include <string>

namespace infinipot {

/// What a chat template writes around one user turn: `opening`, the user's words, `closing`, and
/// then the model answers. Text and question together are that turn.
struct ChatFrame {
    std::string opening;
    std::string closing;
};

/// The frame of a model's chat template, given its source text and the vocabulary's word for the
/// end of text; nothing if libllama does not recognise the template.
std::optional<ChatFrame> chat_frame(const std::string& chat_template,
                                    const std::string& end_of_text = {});

}  // namespace infinipot
