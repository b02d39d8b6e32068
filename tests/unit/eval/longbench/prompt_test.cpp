#include "eval/longbench/prompt.h"

#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"
#include "infinipot/error.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot::eval {
namespace {

TEST(FillTemplate, Splits_after_the_context_and_changes_nothing) {
    const Prompt prompt = fill_template("Read: {context}\n\nQ: {input} A:", "a text", "who?");
    EXPECT_EQ(prompt.text, "Read: a text");
    EXPECT_EQ(prompt.question, "\n\nQ: who? A:");
}

TEST(FillTemplate, Puts_an_input_before_the_context_into_the_text) {
    const Prompt prompt = fill_template("{input} {context} A:", "a text", "who?");
    EXPECT_EQ(prompt.text, "who? a text");
    EXPECT_EQ(prompt.question, " A:");
}

TEST(FillTemplate, Copies_braces_of_the_data) {
    const Prompt prompt = fill_template("{context}|{input}", "{input}", "{x} {");
    EXPECT_EQ(prompt.text, "{input}");
    EXPECT_EQ(prompt.question, "|{x} {");
}

TEST(FillTemplate, Refuses_unknown_and_missing_placeholders) {
    EXPECT_THROW(fill_template("{context} {answer}", "", ""), Error);
    EXPECT_THROW(fill_template("{context", "", ""), Error);
    EXPECT_THROW(fill_template("no context", "", ""), Error);
}

class CutPrompt : public testing::Test {
   protected:
    CutPrompt() : model_(Model::load(write_tiny_model({.n_vocab = 600}, folder_.path()))) {}

    std::string pieces(const std::string& text, std::size_t from, std::size_t n) const {
        std::string result;
        const auto tokens = model_.tokenize(text);
        for (std::size_t i = from; i < from + n; ++i) result += model_.piece(tokens[i]);
        return result;
    }

    TempDir folder_;
    Model model_;
    const Prompt prompt_ = {"the old men sat still and the time was not far when she came home",
                            " and who was it?"};
    const std::string whole_ = prompt_.text + prompt_.question;
};

TEST_F(CutPrompt, Keeps_a_prompt_that_is_short_enough) {
    const int n = n_prompt_tokens(model_, prompt_);
    ASSERT_TRUE(model_.info().begins_with_bos);
    EXPECT_EQ(n, static_cast<int>(model_.tokenize(whole_).size()) + 1);
    const Prompt kept = cut_middle(model_, prompt_, n);
    EXPECT_EQ(kept.text, prompt_.text);
    EXPECT_EQ(kept.question, prompt_.question);
    EXPECT_NE(cut_middle(model_, prompt_, n - 1).text, prompt_.text);
}

TEST_F(CutPrompt, Keeps_half_of_the_tokens_at_each_end_and_counts_the_hidden_first_token) {
    const std::size_t n = model_.tokenize(whole_).size();
    const int longest = 2 * static_cast<int>(model_.tokenize(prompt_.question).size() + 3) + 1;
    const auto half = static_cast<std::size_t>(longest / 2);
    const Prompt cut = cut_middle(model_, prompt_, longest);
    EXPECT_EQ(cut.text + cut.question,
              pieces(whole_, 0, half - 1) + pieces(whole_, n - half, half));
    EXPECT_EQ(cut.question, prompt_.question);
}

TEST_F(CutPrompt, May_cut_the_question) {
    const std::size_t n = model_.tokenize(whole_).size();
    const Prompt cut = cut_middle(model_, prompt_, 8);
    EXPECT_EQ(cut.text, pieces(whole_, 0, 3));
    EXPECT_EQ(cut.question, pieces(whole_, n - 4, 4));
    const Prompt all_question = {"the", prompt_.text};
    const Prompt other = cut_middle(model_, all_question, 30);
    EXPECT_EQ(other.text, "the");
    EXPECT_FALSE(other.question.empty());
}

TEST_F(CutPrompt, Replaces_the_rest_of_a_cut_character) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "€";  // a token for each of three bytes
    ASSERT_EQ(model_.tokenize(text).size(), 60u);
    const Prompt cut = cut_middle(model_, {text, "?"}, 22);
    EXPECT_EQ(cut.text, "€€€\uFFFD\uFFFD€€€");
    EXPECT_EQ(cut.question, "?");
}

TEST_F(CutPrompt, Asks_the_end_of_a_long_question_and_reads_the_rest) {
    const Prompt shortened = shorten_question(model_, prompt_, 5);
    EXPECT_EQ(shortened.text + shortened.question, whole_);
    EXPECT_EQ(model_.tokenize(shortened.question).size(), 5u);
    EXPECT_EQ(shorten_question(model_, prompt_, 1000).question, prompt_.question);
}

TEST_F(CutPrompt, Never_begins_a_question_inside_a_character) {
    const Prompt shortened = shorten_question(model_, {"x", "€€€€"}, 7);
    EXPECT_EQ(shortened.question, "€€");
    EXPECT_EQ(shortened.text, "x€€");
}

}  // namespace
}  // namespace infinipot::eval
