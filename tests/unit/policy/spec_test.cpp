#include "policy/spec.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "infinipot/error.h"

namespace infinipot {
namespace {

TEST(PolicySpec, Reads_a_name_alone) { EXPECT_EQ(PolicySpec::parse("full"), PolicySpec("full")); }

TEST(PolicySpec, Reads_a_name_with_options) {
    EXPECT_EQ(PolicySpec::parse("p:a=1,b=2.5"), PolicySpec("p", {{"a", "1"}, {"b", "2.5"}}));
}

TEST(PolicySpec, Prints_what_it_reads) {
    for (const std::string text : {"full", "p:a=1", "p:a=1,b=2.5,c=x"}) {
        EXPECT_EQ(PolicySpec::parse(text).print(), text);
    }
}

TEST(PolicySpec, Refuses_text_that_is_not_a_spec) {
    for (const std::string text :
         {"", ":", ":a=1", "p:", "p:a", "p:a=", "p:=1", "p:a=1,", "p:,a=1", "p:a=1,,b=2"}) {
        EXPECT_THROW(PolicySpec::parse(text), Error) << text;
    }
}

TEST(PolicySpec, Refuses_an_option_that_comes_twice) {
    EXPECT_THROW(PolicySpec::parse("p:a=1,b=2,a=1"), Error);
}

TEST(PolicySpec, Gives_values_as_numbers) {
    EXPECT_EQ(read_value<float>("0.25"), 0.25f);
    EXPECT_EQ(read_value<int>("-3"), -3);
}

TEST(PolicySpec, Refuses_a_value_that_is_not_the_number_asked_for) {
    EXPECT_FALSE(read_value<float>("x"));
    EXPECT_FALSE(read_value<int>("1.5"));
    EXPECT_FALSE(read_value<float>("1x"));
    EXPECT_FALSE(read_value<int>("99999999999"));
    EXPECT_FALSE(read_value<float>(" 1"));
}

TEST(PolicySpec, Prints_the_shortest_text_that_reads_back_as_the_same_value) {
    EXPECT_EQ(print_value(0.5f), "0.5");
    EXPECT_EQ(print_value(0.1f), "0.1");
    EXPECT_EQ(print_value(1.0f), "1");
    EXPECT_EQ(print_value(-12), "-12");
    EXPECT_EQ(print_value(std::numeric_limits<int>::min()), "-2147483648");
    for (const float value : {1.0f / 3.0f, 1e-20f, std::numeric_limits<float>::denorm_min(),
                              std::numeric_limits<float>::max()}) {
        EXPECT_EQ(read_value<float>(print_value(value)), value);
    }
}

}  // namespace
}  // namespace infinipot
