#include "eval/needle/needle.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <random>

#include "eval/metrics/rouge_1.h"
#include "eval/passkey/passkey.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

constexpr std::string_view adjectives[] = {"brave",  "calm",  "dusty", "eager",  "fancy", "gentle",
                                           "hollow", "jolly", "lucky", "mellow", "noisy", "proud",
                                           "quiet",  "rapid", "shiny", "tiny"};
constexpr std::string_view nouns[] = {"otter",  "lantern", "meadow", "violin", "pebble", "harbor",
                                      "walnut", "comet",   "ladder", "turnip", "anchor", "beetle",
                                      "candle", "falcon",  "goblet", "island"};
constexpr int n_names = static_cast<int>(std::size(adjectives) * std::size(nouns));

constexpr std::string_view sandwich =
    "The best thing to do in San Francisco is eat a sandwich and sit in Dolores Park on a sunny "
    "day.";

using Random = std::mt19937;

/// Returns the random numbers of one index: a far later part of the sequence that the seed begins.
Random random_of(unsigned seed, int index) {
    Random random(seed);
    random.discard(static_cast<unsigned long long>(index) * 2 * n_names);
    return random;
}

std::uint32_t draw(Random& random, std::uint32_t least, std::uint32_t most) {
    return least + static_cast<std::uint32_t>(random()) % (most - least + 1);
}

Needle pass_key(Random& random) {
    const std::string key = std::to_string(draw(random, 10000, 99999));
    return {NeedleKind::pass_key, passkey_sentences(key), "What is the pass key?",
            " The pass key is", key};
}

std::string name_of(int i) {
    const auto at = static_cast<std::size_t>(i);
    return std::string(adjectives[at / std::size(nouns)]) + ' ' +
           std::string(nouns[at % std::size(nouns)]);
}

Needle magic_number(Random& random, const std::string& name) {
    const std::string number = std::to_string(draw(random, 1000000, 9999999));
    const std::string mentioned = "for " + name + " mentioned in the provided text";
    return {NeedleKind::magic_number,
            "One of the special magic numbers for " + name + " is: " + number + ".",
            "What is the special magic number " + mentioned + "?",
            " The special magic number " + mentioned + " is", number};
}

std::vector<Needle> magic_numbers(Random& random, int n) {
    std::vector<Needle> needles;
    std::vector<int> used;
    while (std::ssize(needles) < n) {
        const auto name = static_cast<int>(draw(random, 0, n_names - 1));
        if (std::ranges::find(used, name) != used.end()) continue;
        used.push_back(name);
        needles.push_back(magic_number(random, name_of(name)));
    }
    return needles;
}

/// Returns the last beginning of a sentence up to `at`, that is behind a mark and blanks. Returns 0
/// if there is none.
std::size_t sentence_begin(std::string_view text, std::size_t at) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\n'; };
    for (std::size_t i = std::min(at, text.size()); i >= 2; --i) {
        if (i < text.size() && is_blank(text[i])) continue;
        if (!is_blank(text[i - 1])) continue;
        const std::size_t mark = text.find_last_not_of(" \n", i - 1);
        if (mark != text.npos && std::string_view(".!?").find(text[mark]) != std::string_view::npos)
            return i;
    }
    return 0;
}

}  // namespace

std::vector<Needle> make_needles(NeedleKind kind, int n, unsigned seed, int index) {
    if (n > 1 && kind != NeedleKind::magic_number) {
        throw Error(
            ErrorCode::invalid_argument,
            "several needles in one text must be magic numbers, to be asked for one by one");
    }
    if (n > n_names) {
        throw Error(ErrorCode::invalid_argument, "there are names for " + std::to_string(n_names) +
                                                     " magic numbers, not for " +
                                                     std::to_string(n));
    }
    Random random = random_of(seed, index);
    switch (kind) {
        case NeedleKind::pass_key:
            return {pass_key(random)};
        case NeedleKind::magic_number:
            return magic_numbers(random, n);
        case NeedleKind::sandwich:
            break;
    }
    return {{NeedleKind::sandwich, std::string(sandwich),
             "What is the best thing to do in San Francisco?", "", std::string(sandwich)}};
}

std::string hide(std::string_view haystack, std::span<const Needle> needles,
                 std::span<const double> depths) {
    assert(needles.size() == depths.size() && std::ranges::is_sorted(depths));
    std::string text;
    std::size_t from = 0;
    for (std::size_t i = 0; i < needles.size(); ++i) {
        const auto at = static_cast<std::size_t>(depths[i] * static_cast<double>(haystack.size()));
        const bool at_end = at >= haystack.size();
        const std::size_t to =
            at_end ? haystack.size() : std::max(from, sentence_begin(haystack, at));
        text.append(haystack.substr(from, to - from));
        text += at_end ? ' ' + needles[i].text : needles[i].text + ' ';
        from = to;
    }
    return text.append(haystack.substr(from));
}

std::string repeated_sentences(std::size_t n_bytes) {
    std::string text;
    while (text.size() < n_bytes) text += std::string(passkey_garbage) + ' ';
    return text;
}

std::string text_of(const Needle& needle, const std::string& haystack) {
    if (needle.kind != NeedleKind::sandwich) return haystack;
    return "This is a very long story book: <book> " + haystack + " </book>.";
}

std::string prompt_of(const Needle& needle) {
    if (needle.kind != NeedleKind::sandwich) return "\n\n" + needle.question;
    return "\n Based on the content of the book, Question: " + needle.question + "\nAnswer:";
}

double needle_score(const Needle& needle, std::string_view answer) {
    if (needle.kind == NeedleKind::sandwich) return rouge_1(answer, needle.answer);
    return found_passkey(answer, needle.answer) ? 1 : 0;
}

}  // namespace infinipot::eval
