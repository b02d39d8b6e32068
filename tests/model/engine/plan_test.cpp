#include <gtest/gtest.h>

#include "support/session_fixture.h"

// Automatic values, and options that do not go together.

namespace infinipot {
namespace {

TEST_F(SessionTest, Automatic_values_are_filled_in) {
    const Session automatic(model_, {.n_threads = 1});
    const ResolvedBudget& budget = automatic.budget();
    EXPECT_EQ(budget.capacity, 512) << "the trained window";
    EXPECT_GT(budget.retain, 0);
    EXPECT_LT(budget.retain, budget.capacity);
    EXPECT_GT(budget.reserve, 0);
    EXPECT_GE(budget.protect_first, 4);
    EXPECT_EQ(automatic.options().policy->spec(), policies::infinipot()->spec());
    const ResolvedBudget without_session = resolve(model_, {.n_threads = 1}).budget;
    EXPECT_EQ(without_session.capacity, budget.capacity);
    EXPECT_EQ(without_session.retain, budget.retain);
    EXPECT_EQ(without_session.reserve, budget.reserve);
}

TEST_F(SessionTest, A_budget_in_bytes_is_never_exceeded) {
    SessionOptions in_bytes = options();
    in_bytes.budget = {.reserve = 8, .memory_bytes = 100 * model_.entry_bytes() + 5};
    const Session small(model_, in_bytes);
    EXPECT_EQ(small.budget().capacity, 100);
    EXPECT_LE(small.stats().pot_bytes, in_bytes.budget.memory_bytes);
}

TEST_F(SessionTest, A_capacity_beyond_the_window_can_be_allowed) {
    SessionOptions allowed = options();
    allowed.budget = {.capacity = 1000, .beyond_window = true};
    EXPECT_EQ(Session(model_, allowed).budget().capacity, 1000);
}

struct BadBudget {
    const char* name;
    Budget budget;
    ErrorCode code;
    const char* says;
};

class BadBudgets : public SessionTest, public testing::WithParamInterface<BadBudget> {};

TEST_P(BadBudgets, are_refused_with_a_sentence) {
    SessionOptions bad = options();
    bad.budget = GetParam().budget;
    const std::string sentence = sentence_of([&] { Session(model_, bad); }, GetParam().code);
    EXPECT_NE(sentence.find(GetParam().says), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Session, BadBudgets,
                         testing::Values(BadBudget{"retain_not_below_capacity",
                                                   {.capacity = 100, .retain = 100, .reserve = 0},
                                                   ErrorCode::invalid_argument,
                                                   "less than the capacity"},
                                         BadBudget{"capacity_beyond_the_window",
                                                   {.capacity = 1000},
                                                   ErrorCode::invalid_argument,
                                                   "trained on"},
                                         BadBudget{"no_room_for_the_catalyst",
                                                   {.capacity = 40, .retain = 20, .reserve = 0},
                                                   ErrorCode::does_not_fit,
                                                   "catalyst"},
                                         BadBudget{"no_room_beside_the_reserve",
                                                   {.capacity = 200, .retain = 100, .reserve = 95},
                                                   ErrorCode::does_not_fit,
                                                   "reserve"},
                                         BadBudget{"less_memory_than_an_entry",
                                                   {.memory_bytes = 10},
                                                   ErrorCode::does_not_fit,
                                                   "not even one"},
                                         BadBudget{"more_protected_than_retained",
                                                   {.capacity = 256,
                                                    .retain = 64,
                                                    .reserve = 32,
                                                    .protect_first = 40,
                                                    .protect_recent = 40},
                                                   ErrorCode::invalid_argument,
                                                   "protect"},
                                         BadBudget{"negative_capacity",
                                                   {.capacity = -7},
                                                   ErrorCode::invalid_argument,
                                                   "at least 1"},
                                         BadBudget{"negative_reserve",
                                                   {.capacity = 256, .reserve = -7},
                                                   ErrorCode::invalid_argument,
                                                   "at least 0"}),
                         [](const auto& test_case) { return test_case.param.name; });

struct Impossible {
    const char* name;
    const char* spec;
    std::optional<Schedule> schedule;
    std::optional<Positions> positions;
    Budget budget;
    ErrorCode code;
    const char* says;
};

void PrintTo(const Impossible& combination, std::ostream* out) { *out << combination.name; }

class ImpossibleCombination : public ScheduleTest,
                              public testing::WithParamInterface<Impossible> {};

TEST_P(ImpossibleCombination, is_one_sentence_at_construction) {
    SessionOptions impossible =
        options({"", GetParam().spec, GetParam().schedule, GetParam().positions});
    if (GetParam().budget.capacity > 0) impossible.budget = GetParam().budget;
    const std::string sentence = sentence_of([&] { Session(model_, impossible); }, GetParam().code);
    EXPECT_NE(sentence.find(GetParam().says), std::string::npos) << sentence;
}

constexpr auto contradiction = ErrorCode::invalid_argument;
constexpr auto too_small = ErrorCode::does_not_fit;

INSTANTIATE_TEST_SUITE_P(Session, ImpossibleCombination,
                         testing::Values(Impossible{"a_catalyst_one_by_one",
                                                    "infinipot",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "catalyst"},
                                         Impossible{"a_window_one_by_one",
                                                    "snapkv:window=2",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "last 2 tokens"},
                                         Impossible{"expected_attention_one_by_one",
                                                    "expected_attention",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "future attention"},
                                         Impossible{"expected_attention_with_kept_positions",
                                                    "expected_attention",
                                                    {},
                                                    Positions::keep,
                                                    {},
                                                    contradiction,
                                                    "positions reset"},
                                         Impossible{"truncating_when_full",
                                                    "truncate",
                                                    Schedule::when_full,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "before-reading"},
                                         Impossible{"truncating_one_by_one",
                                                    "truncate",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "before-reading"},
                                         Impossible{"evicting_before_reading",
                                                    "h2o",
                                                    Schedule::before_reading,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "truncate"},
                                         Impossible{"groups_with_eviction",
                                                    "h2o",
                                                    {},
                                                    Positions::in_groups(4, 16),
                                                    {},
                                                    contradiction,
                                                    "self_extend"},
                                         Impossible{"groups_with_full",
                                                    "full",
                                                    {},
                                                    Positions::in_groups(4, 16),
                                                    {},
                                                    contradiction,
                                                    "self_extend"},
                                         Impossible{"groups_of_nothing",
                                                    "self_extend",
                                                    {},
                                                    Positions::in_groups(0, 16),
                                                    {},
                                                    contradiction,
                                                    "at least 1"},
                                         Impossible{"as_much_retained_as_there_is",
                                                    "h2o",
                                                    {},
                                                    {},
                                                    {.capacity = 64, .retain = 64, .reserve = 0},
                                                    contradiction,
                                                    "less than the capacity"},
                                         Impossible{"no_reserve_beside_what_is_retained",
                                                    "h2o",
                                                    {},
                                                    {},
                                                    {.capacity = 64, .retain = 60, .reserve = 8},
                                                    too_small,
                                                    "reserve"},
                                         Impossible{"a_window_larger_than_what_is_new",
                                                    "snapkv:window=33",
                                                    Schedule::when_full,
                                                    {},
                                                    {.capacity = 72, .retain = 32, .reserve = 8},
                                                    too_small,
                                                    "at least 33 new"},
                                         Impossible{"more_protected_than_retained",
                                                    "tova",
                                                    {},
                                                    {},
                                                    {.capacity = 64,
                                                     .retain = 32,
                                                     .reserve = 8,
                                                     .protect_first = 20,
                                                     .protect_recent = 20},
                                                    contradiction,
                                                    "protect"}),
                         [](const auto& test_case) { return test_case.param.name; });

}  // namespace
}  // namespace infinipot
