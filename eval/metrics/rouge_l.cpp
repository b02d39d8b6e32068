#include "eval/metrics/rouge_l.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "eval/metrics/python_text.h"

namespace infinipot::eval {
namespace {

using Word = int;  ///< equal words have equal numbers
using Sentence = std::vector<Word>;

/// Numbers words.
class Vocabulary {
   public:
    Word number(std::u32string_view word) {
        return numbers_.try_emplace(std::u32string(word), static_cast<Word>(numbers_.size()))
            .first->second;
    }

   private:
    std::unordered_map<std::u32string, Word> numbers_;
};

/// Returns the words of a piece. A piece of blanks is a sentence too: its one word is the empty
/// one, because Python's "".split(" ") is [""].
Sentence sentence_of(std::u32string_view piece, Vocabulary& vocabulary) {
    Sentence sentence;
    for (const auto& word : split(piece)) sentence.push_back(vocabulary.number(word));
    if (sentence.empty()) sentence.push_back(vocabulary.number(U""));
    return sentence;
}

std::vector<Sentence> sentences_of(std::string_view text, Vocabulary& vocabulary) {
    const std::u32string characters = code_points(text);
    std::vector<Sentence> sentences;
    for (const auto& piece : split_at(characters, U'.')) {
        if (!piece.empty()) sentences.push_back(sentence_of(piece, vocabulary));
    }
    return sentences;
}

std::size_t n_distinct(const std::vector<Sentence>& sentences) {
    std::set<Word> words;
    for (const Sentence& sentence : sentences) words.insert(sentence.begin(), sentence.end());
    return words.size();
}

/// The lengths of the longest common subsequences of all beginnings of two sentences.
class LcsTable {
   public:
    LcsTable(const Sentence& rows, const Sentence& columns)
        : rows_(rows), columns_(columns), lengths_((rows.size() + 1) * (columns.size() + 1)) {
        for (std::size_t i = 1; i <= rows.size(); ++i) {
            for (std::size_t j = 1; j <= columns.size(); ++j) {
                lengths_[index(i, j)] = same(i, j) ? length(i - 1, j - 1) + 1
                                                   : std::max(length(i - 1, j), length(i, j - 1));
            }
        }
    }

    /// Adds the words of one longest common subsequence. Among several, it takes the one that a
    /// walk from the ends finds. The walk goes to the row before if that is longer, and else to the
    /// column before.
    void add_words(std::set<Word>& words) const {
        for (std::size_t i = rows_.size(), j = columns_.size(); i > 0 && j > 0;) {
            if (same(i, j)) {
                words.insert(rows_[i - 1]);
                --i, --j;
            } else if (length(i - 1, j) > length(i, j - 1)) {
                --i;
            } else {
                --j;
            }
        }
    }

   private:
    std::size_t index(std::size_t i, std::size_t j) const { return i * (columns_.size() + 1) + j; }
    int length(std::size_t i, std::size_t j) const { return lengths_[index(i, j)]; }
    bool same(std::size_t i, std::size_t j) const { return rows_[i - 1] == columns_[j - 1]; }

    std::span<const Word> rows_;
    std::span<const Word> columns_;
    std::vector<int> lengths_;
};

std::size_t n_common(const std::vector<Sentence>& answer, const std::vector<Sentence>& predicted) {
    std::set<Word> words;
    for (const Sentence& wanted : answer) {
        for (const Sentence& sentence : predicted) LcsTable(wanted, sentence).add_words(words);
    }
    return words.size();
}

}  // namespace

double rouge_l(std::string_view prediction, std::string_view answer) {
    Vocabulary vocabulary;
    const auto predicted = sentences_of(prediction, vocabulary);
    const auto wanted = sentences_of(answer, vocabulary);
    if (predicted.empty() || wanted.empty()) return 0;
    const auto common = static_cast<double>(n_common(wanted, predicted));
    const double recall = common / static_cast<double>(n_distinct(wanted));
    const double precision = common / static_cast<double>(n_distinct(predicted));
    return 2.0 * ((precision * recall) / (precision + recall + 1e-8));
}

}  // namespace infinipot::eval
