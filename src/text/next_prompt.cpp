#include "text/next_prompt.h"

#include "infinipot/error.h"
#include "text/chat_frame.h"
#include "text/chat_template.h"

namespace infinipot {

namespace {

/// Stands for what was said before. No template contains these words, and none changes them.
const std::string said_before = "Sb6said4Hy9before2Cw7";

/// Stands for what a user will say.
const std::string to_be_said = "Uw7Qz3users9Xk5words2Jv8";

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

/// Removes everything up to the words that stand for what was said before.
void keep_what_is_new(std::vector<PromptPart>& parts) {
    for (std::size_t i = parts.size(); i-- > 0;) {
        const std::size_t at = parts[i].text.rfind(said_before);
        if (!parts[i].is_input || at == std::string::npos) continue;
        parts[i].text.erase(0, at + said_before.size());
        parts.erase(parts.begin(),
                    parts.begin() + static_cast<std::ptrdiff_t>(parts[i].text.empty() ? i + 1 : i));
        return;
    }
    refuse("the model's chat template does not write these messages behind the earlier ones");
}

}  // namespace

std::vector<PromptPart> opening_prompt(const ChatTemplate& chat_template,
                                       const std::string& system_prompt) {
    const std::vector<Message> messages{{.role = "system", .content = system_prompt},
                                        {.role = "user", .content = to_be_said}};
    std::vector<PromptPart> parts = chat_template.render(messages, {.time = time_of_frames()});
    while (!parts.empty()) {
        const std::size_t at = parts.back().text.find(to_be_said);
        if (at != std::string::npos) {
            parts.back().text.resize(at);
            return parts;
        }
        parts.pop_back();
    }
    refuse("the model's chat template does not write a system prompt and a user's words");
}

std::vector<PromptPart> next_prompt(const ChatTemplate& chat_template, Turn turn,
                                    std::span<const Message> messages,
                                    const NextPromptOptions& options) {
    if (messages.empty()) refuse("there is no message to answer");
    std::vector<Message> all(messages.begin(), messages.end());
    switch (turn) {
        case Turn::beginning:
            if (!options.system_prompt.empty())
                all.insert(all.begin(), {.role = "system", .content = options.system_prompt});
            break;
        case Turn::users:
            if (all[0].role != "user")
                refuse(
                    "a text was read as the user's words, so that the next message must be the "
                    "user's as well");
            all[0].content = said_before + options.separator + all[0].content;
            break;
        case Turn::answered:
            all.insert(all.begin(), {{.role = "user", .content = "?"},
                                     {.role = "assistant", .content = said_before}});
            break;
    }
    std::vector<PromptPart> parts = chat_template.render(
        all, {.enable_thinking = options.enable_thinking, .time = time_of_frames()});
    if (turn != Turn::beginning) keep_what_is_new(parts);
    return parts;
}

}  // namespace infinipot
