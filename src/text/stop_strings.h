#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// Ends a text before a stop string. The text comes in pieces, and a stop string may span several
/// of them. Of several stop strings the one whose last byte comes first counts, and of those that
/// end together the longest. So the result does not depend on how the text is cut. If all pieces
/// are whole UTF-8 characters, so are the returned ones.
class StopStrings {
   public:
    /// @throws Error(invalid_argument) if a string is empty.
    /// @throws Error(bad_text) if a string is not UTF-8.
    explicit StopStrings(std::span<const std::string> strings);

    /// Takes more text. Returns the text that stands before any stop string now, possibly empty.
    /// Holds back the end of the text while it may be the beginning of one.
    std::string push(std::string_view text);

    /// Returns whether a stop string has come. push() must not be called any more then.
    bool found() const { return found_; }

    /// Returns the text that is still held back, at the end of the text.
    std::string finish();

   private:
    /// Knuth, Morris and Pratt's search for one string.
    class Search {
       public:
        explicit Search(std::string string);
        void step(char byte);
        bool complete() const { return n_matched_ == string_.size(); }
        std::size_t n_matched() const {
            return n_matched_;
        }  ///< bytes of the string, the last read

       private:
        std::string string_;
        std::vector<std::size_t> border_;  // [i]: of the first i bytes, the longest proper border
        std::size_t n_matched_ = 0;
    };

    std::vector<Search> searches_;
    std::string held_;
    bool found_ = false;
};

}  // namespace infinipot
