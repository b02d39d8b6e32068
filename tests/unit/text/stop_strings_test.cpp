#include "text/stop_strings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "infinipot/error.h"
#include "support/refusal.h"

namespace infinipot {
namespace {

using Strings = std::vector<std::string>;

/// The text before the stop string whose end comes first, found in the whole text.
std::string expected(const std::string& text, const Strings& stops) {
    std::size_t first_end = std::string::npos, begin = text.size();
    for (const std::string& stop : stops) {
        const std::size_t at = text.find(stop);
        if (at == std::string::npos) continue;
        const std::size_t end = at + stop.size();
        if (end < first_end || (end == first_end && at < begin)) {
            first_end = end;
            begin = at;
        }
    }
    return text.substr(0, begin);
}

/// The text that comes out, with every piece checked for whole characters.
std::string filtered(const Strings& pieces, const Strings& stops) {
    StopStrings filter(stops);
    std::string all;
    const auto take = [&all](const std::string& text) {
        EXPECT_NO_THROW(require_utf8(text, text));
        all += text;
    };
    for (const std::string& piece : pieces) {
        take(filter.push(piece));
        if (filter.found()) return all;
    }
    take(filter.finish());
    return all;
}

TEST(StopStrings, Passes_text_on_at_once_if_no_stop_string_can_begin_in_it) {
    StopStrings filter(Strings{"END"});
    EXPECT_EQ(filter.push("a text"), "a text");
    EXPECT_EQ(filter.push(" that ENDs"), " that ");
    EXPECT_TRUE(filter.found());
    EXPECT_EQ(filter.finish(), "");
}

TEST(StopStrings, Holds_text_back_while_it_may_begin_a_stop_string) {
    StopStrings filter(Strings{"\nUser:"});
    EXPECT_EQ(filter.push("yes\n"), "yes");
    EXPECT_EQ(filter.push("U"), "");
    EXPECT_EQ(filter.push("s\n"), "\nUs");
    EXPECT_EQ(filter.push("User"), "");
    EXPECT_FALSE(filter.found());
    EXPECT_EQ(filter.finish(), "\nUser");
}

TEST(StopStrings, Finds_a_stop_string_in_three_pieces) {
    EXPECT_EQ(filtered({"one s", "to", "p two"}, {"stop"}), "one ");
    EXPECT_EQ(filtered({"sstos", "to", "p"}, {"stop"}), "ssto");
}

TEST(StopStrings, The_string_that_ends_first_counts) {
    EXPECT_EQ(filtered({"xabcd"}, {"abcd", "bc"}), "xa");
    EXPECT_EQ(filtered({"xabc"}, {"c", "abc", "bc"}), "x");
}

TEST(StopStrings, Is_the_same_as_find_however_the_text_is_cut) {
    std::mt19937 random(1);
    const auto below = [&random](int n) {
        return static_cast<int>(random() % static_cast<unsigned>(n));
    };
    const Strings alphabet = {"a", "b", "\u00E9", "\u00E8", "\U0001F600"};
    const auto any_text = [&](int n) {
        Strings characters;
        for (int i = 0; i < n; ++i)
            characters.push_back(alphabet[static_cast<std::size_t>(below(i % 2 ? 2 : 5))]);
        return characters;
    };
    const auto joined = [](const Strings& parts) {
        std::string all;
        for (const std::string& part : parts) all += part;
        return all;
    };
    int n_found = 0;
    for (int round = 0; round < 5000; ++round) {
        const Strings text = any_text(below(40));
        Strings stops;
        for (int i = below(4); i > 0; --i) stops.push_back(joined(any_text(1 + below(6))));
        Strings pieces(1);
        for (const std::string& character : text) {
            if (below(3) == 0) pieces.emplace_back();
            pieces.back() += character;
        }
        const std::string whole = joined(text), reference = expected(whole, stops);
        n_found += reference != whole;
        ASSERT_EQ(filtered(pieces, stops), reference) << whole;
    }
    EXPECT_GT(n_found, 1000);
}

TEST(StopStrings, Is_not_slow_with_a_long_string_that_nearly_comes) {
    const std::string almost(10'000, 'a');
    StopStrings filter(Strings{almost + "b"});
    std::string all;
    for (int i = 0; i < 30'000; ++i) all += filter.push("a");
    EXPECT_EQ(all.size(), 20'000u);
    EXPECT_EQ(filter.finish().size(), 10'000u);
}

TEST(StopStrings, Refuses_what_is_no_text) {
    EXPECT_EQ(refusal([] { StopStrings(Strings{"a", ""}); }), "a stop string is empty");
    EXPECT_THROW(StopStrings(Strings{"\xFF"}), Error);
}

}  // namespace
}  // namespace infinipot
