#pragma once

#include <string>
#include <string_view>

namespace infinipot {

/// Turns the pieces of tokens, which may end inside a character, into whole UTF-8.
class PieceStream {
   public:
    /// Takes a token's piece; returns the text that is whole now, possibly none.
    std::string push(std::string_view piece);

    /// What is left when no more comes: a replacement character if one was never finished.
    std::string finish();

   private:
    std::string pending_;
};

}  // namespace infinipot
