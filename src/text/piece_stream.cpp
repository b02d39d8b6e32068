#include "text/piece_stream.h"

#include <utility>

#include "base/utf8.h"

namespace infinipot {

namespace {
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD
}

std::string PieceStream::push(std::string_view piece) {
    pending_ += piece;
    std::string whole = pending_.substr(0, utf8_complete_prefix(pending_));
    pending_.erase(0, whole.size());
    return whole;
}

std::string PieceStream::finish() {
    return std::exchange(pending_, {}).empty() ? std::string() : std::string(replacement_character);
}

}  // namespace infinipot
