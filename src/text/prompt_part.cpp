#include "text/prompt_part.h"

namespace infinipot {

std::string joined(std::span<const PromptPart> parts) {
    std::string text;
    for (const PromptPart& part : parts) text += part.text;
    return text;
}

void append(std::vector<PromptPart>& parts, std::string_view text, bool is_input) {
    if (text.empty()) return;
    if (parts.empty() || parts.back().is_input != is_input) parts.push_back({{}, is_input});
    parts.back().text += text;
}

}  // namespace infinipot
