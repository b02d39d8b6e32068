#include "beginning.h"

#include "base/utf8.h"
#include "infinipot/error.h"
#include "input/text_files.h"

namespace infinipot::cli {

std::string read_all(const std::string& file) {
    TextFiles texts({file});
    std::string text;
    for (std::string_view part = texts.next(); !part.empty(); part = texts.next()) text += part;
    if (!texts.blank()) return text;
    throw Error(ErrorCode::bad_text, "there is no text in " + texts.names());
}

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

}  // namespace infinipot::cli
