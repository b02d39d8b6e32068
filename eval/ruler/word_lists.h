#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace infinipot::eval {

/// The lists of English words of Python's wonderwords, which RULER's keys and words are made of.
struct WordLists {
    std::vector<std::string> adjectives;
    std::vector<std::string> nouns;
    std::vector<std::string> all;  ///< these and the verbs
};

/// Reads `wonderwords_adjectivelist.txt`, `wonderwords_nounlist.txt` and
/// `wonderwords_verblist.txt`, a word on each line. Each list has every word once, in the order of
/// bytes.
/// @throws Error(file_error) or Error(bad_text) naming the file.
WordLists read_word_lists(const std::filesystem::path& folder);

}  // namespace infinipot::eval
