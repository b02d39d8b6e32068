#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace infinipot::eval {

/// English words from the lists of the Python package wonderwords. RULER makes keys and words of
/// them.
struct WordLists {
    std::vector<std::string> adjectives;
    std::vector<std::string> nouns;
    std::vector<std::string> all;  ///< adjectives, nouns and verbs
};

/// Reads `wonderwords_adjectivelist.txt`, `wonderwords_nounlist.txt` and
/// `wonderwords_verblist.txt`, which have a word on each line. The lists are sorted by bytes,
/// without repetitions.
/// @throws Error(file_error) or Error(bad_text) naming the file
WordLists read_word_lists(const std::filesystem::path& folder);

}  // namespace infinipot::eval
