#include "eval/instructions/instructions.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace infinipot::eval {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Returns the runs of letters, in lower case.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    bool in_word = false;
    for (const char c : text) {
        if (is_letter(c) && !in_word) words.emplace_back();
        in_word = is_letter(c);
        if (in_word) words.back() += lower(c);
    }
    return words;
}

bool begins_with_captain(std::string_view answer) {
    const auto words = words_of(answer);
    return !words.empty() && words.front() == "captain";
}

bool ends_with_done(std::string_view answer) {
    const auto words = words_of(answer);
    return !words.empty() && words.back() == "done";
}

bool mentions_bananas(std::string_view answer) {
    return std::ranges::any_of(words_of(answer), [](const std::string& word) {
        return word == "banana" || word == "bananas";
    });
}

bool is_in_capitals(std::string_view answer) {
    const auto is_lower = [](char c) { return is_letter(c) && lower(c) == c; };
    return std::ranges::any_of(answer, is_letter) && std::ranges::none_of(answer, is_lower);
}

bool is_one_word(std::string_view answer) { return words_of(answer).size() == 1; }

constexpr std::array<Instruction, 5> all = {{
    {"captain", "Begin every answer with the word Captain.", begins_with_captain},
    {"done", "End every answer with the word DONE.", ends_with_done},
    {"banana", "Mention a banana in every answer.", mentions_bananas},
    {"capitals", "Write every answer IN CAPITAL LETTERS ONLY.", is_in_capitals},
    {"one-word", "Answer every question with one single word and nothing else.", is_one_word},
}};

constexpr std::array<std::string_view, 3> questions = {
    "Who is this text about?", "Where does it take place?", "What is the mood of the text?"};

}  // namespace

std::span<const Instruction> instructions() { return all; }

std::string opening(const Instruction& instruction) {
    return "Instructions: " + std::string(instruction.text) + "\n\n";
}

std::span<const std::string_view> neutral_questions() { return questions; }

}  // namespace infinipot::eval
