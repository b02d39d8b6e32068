#pragma once

#include <cstddef>
#include <string>

namespace infinipot {

/// Lists words as the alternatives of a sentence: "f16, q8_0 or q4_0".
template <typename Words>
std::string one_of(const Words& words) {
    const std::size_t n = words.size();
    std::string text;
    std::size_t i = 0;
    for (const auto& word : words) {
        if (i > 0) text += i + 1 == n ? " or " : ", ";
        text += word;
        ++i;
    }
    return text;
}

}  // namespace infinipot
