#pragma once

#include <string>
#include <string_view>

namespace infinipot {

/// Joins the texts of tokens, which may end inside a character, into whole UTF-8 characters.
class PieceStream {
   public:
    /// Takes the text of a token. Returns the text that is complete now, possibly empty.
    std::string push(std::string_view piece);

    /// Returns the rest at the end of the stream: a replacement character if a character is
    /// incomplete, else an empty string.
    std::string finish();

   private:
    std::string pending_;
};

}  // namespace infinipot
