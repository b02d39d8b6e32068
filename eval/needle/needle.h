#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Needles in a haystack: short facts hidden in a long text, books above all, that must be found
/// again.
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
    std::string beginning;  ///< of the answer, given to the model where a number is to follow
    std::string answer;     ///< the number; of the sandwich, the whole text
};

/// `n` different needles; several of one text must be magic numbers, whose questions differ. Equal
/// arguments make equal needles.
/// @throws Error(invalid_argument) for several needles of a kind that has but one question, or more
/// than there are names for.
std::vector<Needle> make_needles(NeedleKind kind, int n, unsigned seed, int index);

/// The haystack with each needle at its depth, 0 to 1 of the haystack, moved back to the beginning
/// of a sentence, as Kamradt has it. Depths ascend.
std::string hide(std::string_view haystack, std::span<const Needle> needles,
                 std::span<const double> depths);

/// The sentences that passkeys are usually hidden in, over and over: at least so many bytes.
std::string repeated_sentences(std::size_t n_bytes);

/// What is read, and what is asked behind it. Around the sandwich as KV cache papers have it: the
/// text is a very long story book. Source: PyramidKV's and DuoAttention's code.
std::string text_of(const Needle& needle, const std::string& haystack);
std::string prompt_of(const Needle& needle);

/// 0 to 1. Numbers are found or not: the first number of the answer counts. The sandwich's answer
/// has ROUGE-1 against the needle (in the papers' tables ten times that, see rouge_1).
double needle_score(const Needle& needle, std::string_view answer);

}  // namespace infinipot::eval
