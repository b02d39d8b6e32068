#include "eval/ruler/common_words.h"

#include <span>
#include <string>
#include <vector>

#include "eval/ruler/random.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t n_common = 10;

/// The number of times that each common word stands in a list, and that each other word does.
struct Counts {
    int common;
    int others;
};

struct Sizes {
    std::size_t n_example_words;  ///< different words in the example
    Counts example;
    Counts list;
};

Sizes sizes_for(int length) {
    if (length < 4096) return {.n_example_words = 20, .example = {3, 1}, .list = {6, 1}};
    return {.n_example_words = 40, .example = {10, 3}, .list = {30, 3}};
}

std::string numbered(std::span<const std::string> words) {
    std::string list;
    for (std::size_t i = 0; i < words.size(); ++i) {
        list += (i == 0 ? "" : " ") + std::to_string(i + 1) + ". " + words[i];
    }
    return list;
}

/// Makes the list and the question. The first ten words are the common ones.
RulerItem ask_about(std::span<const std::string> words, const Counts& counts, Random random) {
    Texts list;
    for (std::size_t i = 0; i < words.size(); ++i) {
        list.insert(list.end(),
                    static_cast<std::size_t>(i < n_common ? counts.common : counts.others),
                    words[i]);
    }
    random.shuffle(list);
    return {.text =
                "Below is a numbered list of words. In these words, some appear more often than "
                "others. Memorize the ones that appear most often.\n" +
                numbered(list),
            .question = "\nQuestion: What are the 10 most common words in the above list?",
            .answer_prefix = " Answer: The top 10 words that appear most often in the list are:",
            .references = Texts(words.begin(), words.begin() + n_common)};
}

std::string worked_example(Texts words, const Sizes& sizes, Random random) {
    random.shuffle(words);
    const RulerItem example =
        ask_about(std::span(words).first(sizes.n_example_words), sizes.example, random);
    return example.prompt() + ' ' + numbered(example.references) + '\n';
}

}  // namespace

RulerItem make_common_words(const ItemSpec& spec, const WordLists& lists) {
    const Sizes sizes = sizes_for(spec.length);
    Texts words = lists.all;
    if (words.size() < sizes.n_example_words) {
        throw Error(ErrorCode::file_error, "the word lists have " + std::to_string(words.size()) +
                                               " different words, and cwe wants " +
                                               std::to_string(sizes.n_example_words));
    }
    const std::string example = worked_example(words, sizes, Random(spec.name + ":example"));
    Random random(spec.name);
    random.shuffle(words);
    return fill(spec, n_common + 1, static_cast<int>(words.size()), [&](int n) {
        const auto some = std::span(words).first(static_cast<std::size_t>(n));
        RulerItem item = ask_about(some, sizes.list, random);
        item.text.insert(0, example);
        return item;
    });
}

}  // namespace infinipot::eval
