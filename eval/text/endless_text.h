#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "infinipot/model.h"

namespace infinipot::eval {

/// A text over and over, measured in tokens.
class EndlessText {
   public:
    EndlessText(const Model& model, std::string text);

    /// The `n` tokens from token `first` on; about so many, where a cut falls into a character, or
    /// between words that are read in other tokens without their neighbours.
    std::string tokens(std::size_t first, std::size_t n) const;

   private:
    std::size_t byte_of(std::size_t token) const;

    std::string text_;
    std::vector<std::size_t> begins_;  ///< of each token of the text, the byte
};

}  // namespace infinipot::eval
