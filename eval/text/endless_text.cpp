#include "eval/text/endless_text.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace infinipot::eval {

EndlessText::EndlessText(const Model& model, std::string text) : text_(std::move(text)) {
    std::size_t n_bytes = 0;
    for (const Token token : model.tokenize(text_)) {
        const std::size_t begin = std::min(n_bytes, text_.size());
        begins_.push_back(utf8_complete_prefix(std::string_view(text_).substr(0, begin)));
        n_bytes += model.piece(token).size();
    }
}

std::string EndlessText::tokens(std::size_t first, std::size_t n) const {
    std::string result;
    const std::size_t end = byte_of(first + n);
    for (std::size_t at = byte_of(first); at < end;) {
        const std::size_t in_text = at % text_.size();
        const std::size_t n_bytes = std::min(text_.size() - in_text, end - at);
        result.append(text_, in_text, n_bytes);
        at += n_bytes;
    }
    return result;
}

/// Returns the byte at which a token of the endless text begins.
std::size_t EndlessText::byte_of(std::size_t token) const {
    return token / begins_.size() * text_.size() + begins_[token % begins_.size()];
}

}  // namespace infinipot::eval
