#include "eval/ruler/frequent_words.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include "eval/ruler/random.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

constexpr int word_letters = 6;
constexpr int tokens_per_kind = 50;
constexpr std::size_t n_asked = 3;
constexpr std::size_t fewest_kinds = 1 + n_asked + 1;  // noise, answers, one more
constexpr double alpha = 2;
constexpr double zeta_of_alpha = std::numbers::pi * std::numbers::pi / 6;

/// Fewest words with which rank 4 occurs at least once more than rank 5:
/// n / zeta(2) * (1/16 - 1/25) >= 1.
constexpr int fewest_words = 74;

/// Returns different random words, by rank.
Texts random_kinds(std::size_t n_kinds, Random& random) {
    Texts kinds = {"..."};
    std::set<std::string> drawn;
    while (kinds.size() < n_kinds) {
        std::string word;
        for (int i = 0; i < word_letters; ++i) word += static_cast<char>('a' + random.below(26));
        if (drawn.insert(word).second) kinds.push_back(word);
    }
    return kinds;
}

std::size_t count_of(std::size_t rank, int n_words) {
    return static_cast<std::size_t>(n_words * std::pow(static_cast<double>(rank), -alpha) /
                                    zeta_of_alpha);
}

std::string coded_text(const Texts& kinds, int n_words, Random random) {
    Texts words;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        words.insert(words.end(), count_of(i + 1, n_words), kinds[i]);
    }
    random.shuffle(words);
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

RulerItem frame(const Texts& kinds, const std::string& context) {
    return {.text =
                "Read the following coded text and track the frequency of each coded word. Find "
                "the three most frequently appeared coded words. " +
                context,
            .question =
                "\nQuestion: Do not provide any explanation. Please ignore the dots '....'. "
                "What are the three most frequently appeared words in the above coded text?",
            .answer_prefix =
                " Answer: According to the coded text above, the three most frequently "
                "appeared words are:",
            .references = Texts(kinds.begin() + 1, kinds.begin() + 1 + n_asked)};
}

}  // namespace

RulerItem make_frequent_words(const ItemSpec& spec) {
    const auto n_kinds = static_cast<std::size_t>(spec.length / tokens_per_kind);
    if (n_kinds < fewest_kinds) {
        throw Error(ErrorCode::does_not_fit, "fwe wants a length of at least " +
                                                 std::to_string(fewest_kinds * tokens_per_kind) +
                                                 " tokens");
    }
    Random random(spec.name);
    const Texts kinds = random_kinds(n_kinds, random);
    return fill(spec, fewest_words, std::numeric_limits<int>::max(),
                [&](int n) { return frame(kinds, coded_text(kinds, n, random)); });
}

}  // namespace infinipot::eval
