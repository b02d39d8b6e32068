#include "eval/needle/needle.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

const std::vector<Needle> one = {{NeedleKind::pass_key, "NEEDLE.", "Where?", "", "7"}};

std::string hidden_at(double depth, const std::string& haystack) {
    return hide(haystack, one, std::vector<double>{depth});
}

TEST(Needle, Stands_before_the_sentence_at_its_depth) {
    const std::string haystack = "One two. Three four! Five six? Seven eight.";
    EXPECT_EQ(hidden_at(0.3, haystack), "One two. NEEDLE. Three four! Five six? Seven eight.");
    EXPECT_EQ(hidden_at(0.6, haystack), "One two. Three four! NEEDLE. Five six? Seven eight.");
    EXPECT_EQ(hidden_at(0.9, haystack), "One two. Three four! Five six? NEEDLE. Seven eight.");
}

TEST(Needle, Comes_first_at_depth_0_and_last_at_depth_1) {
    EXPECT_EQ(hidden_at(0, "One. Two."), "NEEDLE. One. Two.");
    EXPECT_EQ(hidden_at(1, "One. Two."), "One. Two. NEEDLE.");
}

TEST(Needle, Starts_after_the_line_break_that_ends_a_sentence) {
    EXPECT_EQ(hidden_at(0.8, "One.\n\nTwo and three"), "One.\n\nNEEDLE. Two and three");
}

TEST(Needle, Comes_first_if_no_sentence_has_ended) {
    EXPECT_EQ(hidden_at(0.9, "no mark and v1.2 in it"), "NEEDLE. no mark and v1.2 in it");
}

TEST(Needle, Keeps_its_order_among_others_and_leaves_the_haystack_whole) {
    const std::vector<Needle> needles = make_needles(NeedleKind::magic_number, 3, 1, 0);
    const std::string text = hide("A b. C d. E f. G h.", needles, std::vector{0.3, 0.35, 0.8});
    EXPECT_EQ(text, "A b. " + needles[0].text + " " + needles[1].text + " C d. E f. " +
                        needles[2].text + " G h.");
}

TEST(Needle, Depends_on_seed_and_index_alone) {
    const auto text = [](unsigned seed, int index) {
        return make_needles(NeedleKind::pass_key, 1, seed, index).front().text;
    };
    EXPECT_EQ(text(1, 0), text(1, 0));
    EXPECT_NE(text(1, 0), text(1, 1));
    EXPECT_NE(text(1, 0), text(2, 0));
}

TEST(Needle, Contains_its_answer_and_names_each_magic_number_differently) {
    std::set<std::string> questions;
    for (const Needle& needle : make_needles(NeedleKind::magic_number, 256, 5, 2)) {
        EXPECT_NE(needle.text.find(needle.answer), std::string::npos);
        EXPECT_EQ(needle.answer.size(), 7u);
        questions.insert(needle.question);
    }
    EXPECT_EQ(questions.size(), 256u);
    EXPECT_THROW(make_needles(NeedleKind::magic_number, 257, 5, 2), Error);
    EXPECT_THROW(make_needles(NeedleKind::pass_key, 2, 5, 2), Error);
}

TEST(Needle, Compares_only_the_first_number_of_an_answer) {
    const Needle key = make_needles(NeedleKind::pass_key, 1, 1, 0).front();
    EXPECT_EQ(needle_score(key, " " + key.answer + ". Remember"), 1);
    EXPECT_EQ(needle_score(key, "7 or " + key.answer), 0);
    EXPECT_EQ(needle_score(key, key.answer + "1"), 0);
    EXPECT_EQ(needle_score(key, "none"), 0);
}

TEST(Needle, Scores_the_sandwich_by_shared_words) {
    const Needle sandwich = make_needles(NeedleKind::sandwich, 1, 1, 0).front();
    EXPECT_EQ(needle_score(sandwich, sandwich.text), 1);
    // 4 words, all of them among the needle's 21.
    EXPECT_DOUBLE_EQ(needle_score(sandwich, "Sit in Dolores Park!"), 2.0 * 4 / (4 + 21));
}

TEST(RepeatedSentences, Reach_the_requested_length) {
    EXPECT_GE(repeated_sentences(1000).size(), 1000u);
    EXPECT_EQ(repeated_sentences(1).find("The grass is green."), 0u);
}

}  // namespace
}  // namespace infinipot::eval
