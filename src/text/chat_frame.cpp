#include "text/chat_frame.h"

#include <llama.h>

namespace infinipot {

std::optional<ChatFrame> chat_frame(const std::string& chat_template) {
    if (chat_template.empty()) return std::nullopt;
    const std::string words = "\x01user's words\x01";  // what no template contains
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
