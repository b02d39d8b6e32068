#include "text/chat_frame.h"

#include <ctime>

#include "infinipot/error.h"
#include "text/chat_template.h"

namespace infinipot {

namespace {

/// No template contains these words, and none changes them: they are letters and digits alone.
constexpr const char* users_words = "Uw7Qz3users9Xk5words2Jv8";

}  // namespace

std::int64_t time_of_frames() {
    std::tm noon = {};
    noon.tm_year = 2024 - 1900;
    noon.tm_mon = 6;
    noon.tm_mday = 26;
    noon.tm_hour = 12;
    noon.tm_isdst = -1;
    return std::mktime(&noon);  // of the local time, which templates write
}

ChatFrame chat_frame(const ChatTemplate& chat_template) {
    const std::string words = users_words;
    const Message turn{.role = "user", .content = words};
    const std::string text = joined(chat_template.render({&turn, 1}, {.time = time_of_frames()}));
    const std::size_t at = text.find(words);
    if (at == std::string::npos || text.find(words, at + 1) != std::string::npos) {
        throw Error(ErrorCode::unsupported_model,
                    "the model's chat template does not write a user's message exactly once");
    }
    return {text.substr(0, at), text.substr(at + words.size())};
}

}  // namespace infinipot
