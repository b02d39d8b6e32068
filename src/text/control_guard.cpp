#include "text/control_guard.h"

#include <algorithm>

#include "infinipot/error.h"

namespace infinipot {

namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Returns where the character that begins at `begin` ends.
std::size_t character_end(std::string_view text, std::size_t begin) {
    std::size_t end = begin + 1;
    while (end < text.size() && continues_character(text[end])) ++end;
    return end;
}

/// Returns where the last character begins.
std::size_t last_character(std::string_view text) {
    std::size_t begin = text.size();
    while (begin > 0 && continues_character(text[--begin])) {
    }
    return begin;
}

bool contains(std::string_view text, std::string_view words) {
    return text.find(words) != std::string_view::npos;
}

}  // namespace

ControlGuard::ControlGuard(const ControlWords& words, std::string_view said) : words_(words) {
    constexpr const char* digits = "0123456789abcdef";
    for (unsigned i = 0; i < 32; ++i) {
        guard_ = {'\xEF', '\xB7', static_cast<char>(0x90 + i)};  // U+FDD0 + i
        escaped_ = {'\\', 'u', 'f', 'd', i < 16 ? 'd' : 'e', digits[i % 16]};
        if (!contains(said, guard_) && !contains(said, escaped_)) return;
    }
    throw Error(
        ErrorCode::invalid_argument,
        "the messages contain all characters from U+FDD0 to U+FDEF, which are not for text");
}

std::string ControlGuard::guarded(std::string_view text) const {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const bool begins_word = words_.find_at(text, i) != nullptr;
        const std::size_t end = character_end(text, i);
        result += text.substr(i, end - i);
        if (begins_word) result += guard_;
        i = end;
    }
    return result;
}

void ControlGuard::append_unguarded(std::vector<PromptPart>& parts, const PromptPart& part) const {
    std::string_view rest = part.text;
    for (;;) {
        const std::size_t plain = rest.find(guard_);
        const std::size_t escaped = rest.find(escaped_);
        const std::size_t at = std::min(plain, escaped);
        const std::string_view before = rest.substr(0, at);
        if (at == std::string_view::npos) return append(parts, before, part.is_input);
        const std::size_t last = before.empty() ? 0 : last_character(before);
        append(parts, before.substr(0, last), part.is_input);
        append(parts, before.substr(last), true);
        rest.remove_prefix(at + (plain < escaped ? guard_ : escaped_).size());
    }
}

std::vector<PromptPart> ControlGuard::unguarded(std::span<const PromptPart> parts) const {
    std::vector<PromptPart> result;
    for (const PromptPart& part : parts) append_unguarded(result, part);
    return result;
}

}  // namespace infinipot
