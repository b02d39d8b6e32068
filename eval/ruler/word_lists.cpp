#include "eval/ruler/word_lists.h"

#include <algorithm>
#include <string_view>

#include "eval/text/text_file.h"

namespace infinipot::eval {
namespace {

std::string_view without_blanks_around(std::string_view line) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = std::min(line.find_first_not_of(blanks), line.size());
    return line.substr(first, line.find_last_not_of(blanks) + 1 - first);
}

void sort_out(std::vector<std::string>& words) {
    std::ranges::sort(words);
    const auto doubles = std::ranges::unique(words);
    words.erase(doubles.begin(), doubles.end());
}

std::vector<std::string> read_list(const std::filesystem::path& path) {
    const std::string text = read_text_file(path);
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const auto word = without_blanks_around(std::string_view(text).substr(at, end - at));
        if (!word.empty()) words.emplace_back(word);
        at = end + 1;
    }
    sort_out(words);
    return words;
}

}  // namespace

WordLists read_word_lists(const std::filesystem::path& folder) {
    WordLists lists = {.adjectives = read_list(folder / "wonderwords_adjectivelist.txt"),
                       .nouns = read_list(folder / "wonderwords_nounlist.txt"),
                       .all = read_list(folder / "wonderwords_verblist.txt")};
    lists.all.insert(lists.all.end(), lists.adjectives.begin(), lists.adjectives.end());
    lists.all.insert(lists.all.end(), lists.nouns.begin(), lists.nouns.end());
    sort_out(lists.all);
    return lists;
}

}  // namespace infinipot::eval
