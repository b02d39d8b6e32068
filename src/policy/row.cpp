#include "policy/row.h"

#include "base/nearest.h"
#include "infinipot/error.h"

namespace infinipot::policies {
namespace {

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

}  // namespace

void refuse_value(const std::string& policy, const std::string& option, const std::string& values,
                  const std::vector<std::string>& words, const std::string& text) {
    const auto meant = nearest(text, words);
    fail("policy " + policy + " wants " + values + " for " + option + ", not \"" + text + '"' +
         (meant ? "; did you mean \"" + *meant + "\"?" : ""));
}

void refuse_option(const std::string& policy, const std::string& option,
                   const std::vector<std::string>& known) {
    fail("policy " + policy + " has no option \"" + option + "\"; " +
         hint(option, known, "its options are"));
}

void refuse_repeat(const std::string& policy, const std::string& option) {
    fail("policy " + policy + " is given the option \"" + option + "\" more than once");
}

void refuse_options(const std::string& policy, const std::string& sentence) {
    fail("policy " + policy + ' ' + sentence);
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string hint(const std::string& word, const std::vector<std::string>& known,
                 const std::string& introduction) {
    if (known.empty()) return "it takes none";
    if (const auto meant = nearest(word, known)) return "did you mean \"" + *meant + "\"?";
    return introduction + ' ' + join(known);
}

std::string describe(const Needs& needs) {
    std::vector<std::string> words;
    const auto add = [&](bool needed, const char* word) {
        if (needed) words.emplace_back(word);
    };
    add(needs.attention == AttentionProbe::catalyst, "attention of the catalyst");
    add(needs.attention == AttentionProbe::recent, "attention of the last tokens");
    add(needs.attention == AttentionProbe::accumulated, "attention of all tokens");
    add(needs.surprisal, "surprisal");
    add(needs.position, "position in the stream");
    add(needs.sentences, "ends of sentences");
    add(needs.key_norm, "norms of keys");
    add(needs.value_norm != ValueNorm::none, "norms of values");
    add(needs.key_similarity, "similarity of keys");
    add(needs.expected_attention, "statistics of queries");
    return words.empty() ? "nothing" : join(words);
}

}  // namespace infinipot::policies
