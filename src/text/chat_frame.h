#pragma once

#include <cstdint>
#include <string>

namespace infinipot {

class ChatTemplate;

/// Text that a chat template puts around one user turn: `opening`, the user's words, `closing`.
/// The opening includes a system prompt that the template has by default. The model's answer
/// follows. Text and question together are the user's words.
struct ChatFrame {
    std::string opening;
    std::string closing;

    bool operator==(const ChatFrame&) const = default;
};

/// Returns the time that templates which name the date get, in seconds since 1970: noon of 26 July
/// 2024, the date that Llama 3's falls back to. So a prompt is the same every day and in every time
/// zone.
std::int64_t time_of_frames();

/// Returns the frame of a chat template, at time_of_frames(). Any thread may call it.
/// @throws Error(unsupported_model) if the template does not write a user's words exactly once.
/// @throws Error(invalid_argument) if it refuses a conversation of one user turn.
ChatFrame chat_frame(const ChatTemplate& chat_template);

}  // namespace infinipot
