#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "infinipot/model.h"

namespace infinipot {

/// A word that stands for a control token, such as "<|im_end|>".
struct ControlWord {
    std::string text;
    Token token = 0;
    bool strips_left = false;   ///< blanks before it are no part of the text
    bool strips_right = false;  ///< blanks after it are no part of the text
};

/// The control words of a vocabulary.
class ControlWords {
   public:
    void add(ControlWord word);
    bool empty() const { return words_.empty(); }

    /// Returns the longest word that begins at byte `begin` of `text`; nullptr if none does. It
    /// lives as long as this object.
    const ControlWord* find_at(std::string_view text, std::size_t begin) const;

   private:
    std::map<std::string, ControlWord, std::less<>> words_;
    std::set<std::size_t, std::greater<>> lengths_;  ///< of the words, longest first
    bool begins_[256] = {};                          ///< bytes that words begin with
};

}  // namespace infinipot
