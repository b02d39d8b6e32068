#include "text/chat_frame.h"

#include <llama.h>

#include <string_view>

namespace infinipot {

namespace {

constexpr std::string_view zephyr_end_of_text = "<|endoftext|>";

/// Returns whether a template is Zephyr's but names the end-of-text word instead of spelling it.
/// TinyLlama has such a template. libllama looks for the spelling and mistakes the template for
/// GLM-Edge's, which ends no turn.
bool is_zephyr(const std::string& chat_template) {
    const auto has = [&](std::string_view word) {
        return chat_template.find(word) != std::string::npos;
    };
    return has("<|user|>") && has("<|assistant|>") && has("eos_token") &&
           !has(zephyr_end_of_text) && !has("<|end|>") && !has("[gMASK]");
}

std::string replaced(std::string text, std::string_view word, const std::string& by) {
    const std::size_t at = text.find(word);
    return at == std::string::npos ? text : text.replace(at, word.size(), by);
}

}  // namespace

std::optional<ChatFrame> chat_frame(const std::string& chat_template,
                                    const std::string& end_of_text) {
    if (chat_template.empty()) return std::nullopt;
    if (!end_of_text.empty() && is_zephyr(chat_template)) {
        auto frame = chat_frame("zephyr");
        if (frame) frame->closing = replaced(frame->closing, zephyr_end_of_text, end_of_text);
        return frame;
    }
    const std::string words = "\x01user's words\x01";  // no template contains this
    const llama_chat_message turn{"user", words.c_str()};
    std::string text(chat_template.size() + 1024, '\0');
    const int n = llama_chat_apply_template(chat_template.c_str(), &turn, 1, true, text.data(),
                                            static_cast<int>(text.size()));
    if (n < 0 || n > static_cast<int>(text.size())) return std::nullopt;
    text.resize(static_cast<std::size_t>(n));
    const std::size_t at = text.find(words);
    if (at == std::string::npos) return std::nullopt;
    return ChatFrame{text.substr(0, at), text.substr(at + words.size())};
}

}  // namespace infinipot
