#include "text/stop_strings.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot {

StopStrings::Search::Search(std::string string)
    : string_(std::move(string)), border_(string_.size() + 1) {
    for (std::size_t i = 1; i < string_.size(); ++i) {
        step(string_[i]);
        border_[i + 1] = n_matched_;
    }
    n_matched_ = 0;
}

void StopStrings::Search::step(char byte) {
    while (n_matched_ > 0 && string_[n_matched_] != byte) n_matched_ = border_[n_matched_];
    if (string_[n_matched_] == byte) ++n_matched_;
}

StopStrings::StopStrings(std::span<const std::string> strings) {
    for (const std::string& string : strings) {
        if (string.empty()) throw Error(ErrorCode::invalid_argument, "a stop string is empty");
        require_utf8(string, "a stop string");
        searches_.emplace_back(string);
    }
}

std::string StopStrings::push(std::string_view text) {
    for (const char byte : text) {
        held_ += byte;
        std::size_t longest = 0;
        for (Search& search : searches_) {
            search.step(byte);
            if (search.complete()) longest = std::max(longest, search.n_matched());
        }
        if (longest == 0) continue;
        found_ = true;
        held_.resize(held_.size() - longest);
        return std::exchange(held_, {});
    }
    std::size_t n_held = 0;
    for (const Search& search : searches_) n_held = std::max(n_held, search.n_matched());
    std::string certain = held_.substr(0, held_.size() - n_held);
    held_.erase(0, certain.size());
    return certain;
}

std::string StopStrings::finish() { return std::exchange(held_, {}); }

}  // namespace infinipot
