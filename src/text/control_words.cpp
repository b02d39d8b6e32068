#include "text/control_words.h"

#include <utility>

namespace infinipot {

void ControlWords::add(ControlWord word) {
    if (word.text.empty()) return;
    lengths_.insert(word.text.size());
    begins_[static_cast<unsigned char>(word.text.front())] = true;
    std::string text = word.text;
    words_.emplace(std::move(text), std::move(word));
}

const ControlWord* ControlWords::find_at(std::string_view text, std::size_t begin) const {
    if (!begins_[static_cast<unsigned char>(text[begin])]) return nullptr;
    for (const std::size_t length : lengths_) {
        if (length > text.size() - begin) continue;
        const auto found = words_.find(text.substr(begin, length));
        if (found != words_.end()) return &found->second;
    }
    return nullptr;
}

}  // namespace infinipot
