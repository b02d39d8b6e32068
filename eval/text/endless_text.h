#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "infinipot/model.h"

namespace infinipot::eval {

/// A text that is repeated without end, measured in tokens.
class EndlessText {
   public:
    EndlessText(const Model& model, std::string text);

    /// Returns the `n` tokens from token `first` on. The number is approximate if a cut falls into
    /// a character, or between words that have other tokens without their neighbours.
    std::string tokens(std::size_t first, std::size_t n) const;

   private:
    std::size_t byte_of(std::size_t token) const;

    std::string text_;
    std::vector<std::size_t> begins_;  ///< first byte of each token of the text
};

}  // namespace infinipot::eval
