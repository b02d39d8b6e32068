#include "eval/text/beginning.h"

#include "base/utf8.h"

namespace infinipot::eval {

std::string_view beginning(const Model& model, std::string_view text, std::size_t n_tokens) {
    std::size_t n_bytes = 0;
    std::size_t n = 0;
    for (const Token token : model.tokenize(text)) {
        if (n++ == n_tokens) {
            const std::string_view cut = text.substr(0, n_bytes);
            return cut.substr(0, utf8_complete_prefix(cut));
        }
        n_bytes += model.piece(token).size();
    }
    return text;
}

}  // namespace infinipot::eval
