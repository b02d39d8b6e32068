#include "text/thinking_split.h"

#include <algorithm>
#include <utility>

namespace infinipot {

namespace {

constexpr std::string_view blanks = " \t\n\r";

/// Returns the length of the longest end of `text` that `word` begins with.
std::size_t overlap(std::string_view text, std::string_view word) {
    for (std::size_t n = std::min(text.size(), word.size() - 1); n > 0; --n)
        if (text.ends_with(word.substr(0, n))) return n;
    return 0;
}

}  // namespace

ThinkingSplit::ThinkingSplit(ThinkingTags tags, bool begun)
    : tags_(std::move(tags)),
      state_(begun ? State::thinking : State::beginning),
      has_thought_(begun),
      first_of_thought_(begun) {}

std::size_t ThinkingSplit::skip_blanks() {
    held_.erase(0, std::min(held_.find_first_not_of(blanks), held_.size()));
    return held_.size();
}

void ThinkingSplit::emit(std::vector<Piece>& pieces, std::size_t n, bool is_thinking) {
    if (n == 0) return;
    pieces.push_back({held_.substr(0, n), is_thinking});
    held_.erase(0, n);
}

/// Takes as much of the held text as is certain. Returns whether more of it may be taken.
bool ThinkingSplit::step(std::vector<Piece>& pieces) {
    switch (state_) {
        case State::beginning:
            return find_begin();
        case State::thinking:
            return find_end(pieces);
        case State::behind:
            if (skip_blanks() == 0) return false;
            state_ = State::answering;
            return true;
        case State::answering:
            emit(pieces, held_.size(), false);
            return false;
    }
    return false;
}

bool ThinkingSplit::find_begin() {
    const std::size_t first = std::min(held_.find_first_not_of(blanks), held_.size());
    const std::string_view words = std::string_view(held_).substr(first);
    if (!words.starts_with(tags_.begin)) {
        if (std::string_view(tags_.begin).starts_with(words)) return false;
        state_ = State::answering;
        return true;
    }
    held_.erase(0, first + tags_.begin.size());
    state_ = State::thinking;
    has_thought_ = first_of_thought_ = true;
    return true;
}

/// Holds back the blanks before the tag, and before one that may come.
bool ThinkingSplit::find_end(std::vector<Piece>& pieces) {
    if (first_of_thought_ && skip_blanks() == 0) return false;
    first_of_thought_ = false;
    const std::size_t end = held_.find(tags_.end);
    const bool is_found = end != std::string::npos;
    const std::string_view before = std::string_view(held_).substr(
        0, is_found ? end : held_.size() - overlap(held_, tags_.end));
    emit(pieces, before.find_last_not_of(blanks) + 1, true);  // 0 if there are blanks alone
    if (!is_found) return false;
    held_.erase(0, held_.find(tags_.end) + tags_.end.size());
    state_ = State::behind;
    return true;
}

std::vector<ThinkingSplit::Piece> ThinkingSplit::push(std::string_view text) {
    held_ += text;
    std::vector<Piece> pieces;
    while (step(pieces)) {
    }
    return pieces;
}

std::vector<ThinkingSplit::Piece> ThinkingSplit::finish() {
    std::vector<Piece> pieces;
    emit(pieces, state_ == State::behind ? 0 : held_.size(), state_ == State::thinking);
    held_.clear();
    return pieces;
}

}  // namespace infinipot
