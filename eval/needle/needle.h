#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Needles in a haystack: short facts, hidden in a long text, mostly a book, that the model must
/// find.
/// Sources: G. Kamradt's test (the sandwich); RULER (magic numbers); Mohtashami & Jaggi 2023 (the
/// pass key), here in any text.
namespace infinipot::eval {

enum class NeedleKind {
    pass_key,      ///< "The pass key is 45846. Remember it. 45846 is the pass key."
    magic_number,  ///< "One of the special magic numbers for brave otter is: 2941073."
    sandwich,      ///< what to do in San Francisco
};

struct Needle {
    NeedleKind kind;
    std::string text;       ///< what is hidden: a sentence or three
    std::string question;   ///< what is asked, a sentence
    std::string beginning;  ///< beginning of the answer, given to the model if a number follows
    std::string answer;     ///< the number; of the sandwich, the whole text
};

/// Returns `n` different needles. Several needles of one text must be magic numbers, because their
/// questions differ. Equal arguments return equal needles.
/// @throws Error(invalid_argument) for several needles of a kind that has only one question
/// @throws Error(invalid_argument) for more needles than there are names
std::vector<Needle> make_needles(NeedleKind kind, int n, unsigned seed, int index);

/// Returns the haystack with each needle at its depth, 0 to 1 of the haystack. Each is moved back
/// to the beginning of a sentence, as Kamradt does. `depths` ascend.
std::string hide(std::string_view haystack, std::span<const Needle> needles,
                 std::span<const double> depths);

/// Returns the sentences in which passkeys are hidden, repeated to at least `n_bytes` bytes.
std::string repeated_sentences(std::size_t n_bytes);

/// Return the text that the session reads, and the prompt behind it. The sandwich's text is framed
/// as a very long story book, as in KV cache papers. Source: PyramidKV's and DuoAttention's code.
std::string text_of(const Needle& needle, const std::string& haystack);
std::string prompt_of(const Needle& needle);

/// Returns the score of an answer, 0 to 1. A number scores 1 if it is the first number of the
/// answer. The sandwich's answer scores ROUGE-1 against the needle. The papers' tables show ten
/// times that; see rouge_1().
double needle_score(const Needle& needle, std::string_view answer);

}  // namespace infinipot::eval
