#include "eval/ruler/task.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "infinipot/error.h"
#include "support/ruler_items.h"

namespace infinipot::eval {
namespace {

using namespace testing_ruler;

TEST(RulerTask, Has_eleven_rows_and_two_that_are_named_stand_ins) {
    std::string names;
    for (const RulerTask& task : ruler_tasks()) names += std::string(task.name) + ' ';
    EXPECT_EQ(names,
              "niah_single_1 niah_single_2 niah_single_3 niah_multikey_1 niah_multikey_2 "
              "niah_multikey_3 niah_multivalue niah_multiquery vt cwe fwe qa_1_stand_in "
              "qa_2_stand_in ");
}

TEST(RulerTask, Limits_answers_as_RULER_does) {
    for (const RulerTask& task : ruler_tasks()) {
        const bool niah = task.name.starts_with("niah");
        const int expected = niah                           ? 128
                             : task.name == "vt"            ? 30
                             : task.name == "cwe"           ? 120
                             : task.name == "fwe"           ? 50
                             : task.name.starts_with("qa_") ? 32
                                                            : 0;
        EXPECT_EQ(task.max_tokens, expected) << task.name;
    }
}

TEST(RulerTask, Accepts_one_reference_only_in_the_stand_ins) {
    for (const RulerTask& task : ruler_tasks()) {
        const bool stand_in = task.name.starts_with("qa_");
        EXPECT_EQ(task.metric == RulerMetric::any_found, stand_in) << task.name;
        EXPECT_EQ(!task.dataset.empty(), stand_in) << task.name;
    }
}

TEST(RulerTask, Suggests_the_nearest_name_for_a_misspelt_one) {
    try {
        ruler_task("niah_singel_1");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_STREQ(error.what(),
                     "RULER has no task \"niah_singel_1\"; did you mean niah_single_1?");
    }
    EXPECT_THROW(ruler_task("qa_1"), Error) << "its data is not here";
}

class EveryTask : public testing::TestWithParam<const char*> {};

TEST_P(EveryTask, Fills_its_length_and_never_exceeds_it) {
    for (const int length : {1000, 1001, 4096, 9000}) {
        const RulerItem item = make(GetParam(), length);
        EXPECT_EQ(item.n_prompt_tokens, count_words(item.prompt()));
        const int n_tokens = item.n_prompt_tokens + item.max_tokens;
        EXPECT_LE(n_tokens, length);
        const bool out_of_words = has(item.text, "900. ") && GetParam() == std::string("cwe");
        if (out_of_words) continue;
        EXPECT_GT(n_tokens, length - 25);  // a line of noise has 18 words
    }
}

TEST_P(EveryTask, Repeats_for_equal_settings_and_changes_with_them) {
    const RulerItem item = make(GetParam());
    const RulerItem again = make(GetParam());
    EXPECT_EQ(again.prompt(), item.prompt());
    EXPECT_EQ(again.references, item.references);
    EXPECT_NE(make(GetParam(), 2000, 1).references, item.references);
    EXPECT_NE(make(GetParam(), 2000, 0, 2).references, item.references);
}

TEST_P(EveryTask, Does_not_put_the_question_into_the_text) {
    const RulerItem item = make(GetParam());
    const auto lines = lines_of(item.question);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0], "") << "the question begins a line";
    EXPECT_FALSE(item.text.ends_with('\n'));
    EXPECT_TRUE(item.answer_prefix.starts_with(' '));
    const bool same_for_all = GetParam() == std::string("cwe") || GetParam() == std::string("fwe");
    EXPECT_EQ(has(item.text, lines[1]), GetParam() == std::string("cwe")) << "in its example";
    EXPECT_EQ(make(GetParam(), 2000, 1).question == item.question, same_for_all);
}

TEST_P(EveryTask, Refuses_a_length_that_is_too_short) { EXPECT_THROW(make(GetParam(), 60), Error); }

INSTANTIATE_TEST_SUITE_P(Ruler, EveryTask,
                         testing::Values("niah_single_1", "niah_single_2", "niah_single_3",
                                         "niah_multikey_1", "niah_multikey_2", "niah_multikey_3",
                                         "niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace infinipot::eval
