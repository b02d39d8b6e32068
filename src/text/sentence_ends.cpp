#include "text/sentence_ends.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace infinipot {

namespace {

constexpr std::array<std::string_view, 7> stops = {".",      "!",      "?",     "\u2026",
                                                   "\u3002", "\uff01", "\uff1f"};
constexpr std::array<std::string_view, 9> closing = {
    "\"", "'", ")", "]", "\u201d", "\u2019", "\u00bb", "\u300d", "\u300f"};

bool ends_sentence(std::string_view piece) {
    const auto stands_last = [&](std::string_view mark) { return piece.ends_with(mark); };
    if (piece.find('\n') != std::string_view::npos) return true;
    while (true) {
        const auto mark = std::ranges::find_if(closing, stands_last);
        if (mark == closing.end()) return std::ranges::any_of(stops, stands_last);
        piece.remove_suffix(mark->size());
    }
}

}  // namespace

std::vector<char> sentence_ends(const Vocabulary& vocabulary) {
    std::vector<char> ends;
    for (Token token = 0; token < vocabulary.n_tokens(); ++token)
        ends.push_back(ends_sentence(vocabulary.piece(token)) ? 1 : 0);
    return ends;
}

}  // namespace infinipot
