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

TEST(PolicySpec, Refuses_what_is_not_a_spec) {
    for (const std::string text :
         {"", ":", ":a=1", "p:", "p:a", "p:a=", "p:=1", "p:a=1,", "p:,a=1", "p:a=1,,b=2"}) {
        EXPECT_THROW(PolicySpec::parse(text), Error) << text;
    }
}

TEST(PolicySpec, Refuses_an_option_that_comes_twice) {
    EXPECT_THROW(PolicySpec::parse("p:a=1,b=2,a=1"), Error);
}

TEST(PolicySpec, Gives_values_as_numbers) {
    const PolicySpec spec = PolicySpec::parse("p:share=0.25,count=-3");
    EXPECT_EQ(spec.number("share"), 0.25f);
    EXPECT_EQ(spec.integer("count"), -3);
}

TEST(PolicySpec, Refuses_a_value_that_is_not_the_number_asked_for) {
    const PolicySpec spec = PolicySpec::parse("p:a=x,b=1.5,c=1x,d=99999999999,e= 1");
    EXPECT_THROW(spec.number("a"), Error);
    EXPECT_THROW(spec.integer("b"), Error);
    EXPECT_THROW(spec.number("c"), Error);
    EXPECT_THROW(spec.integer("d"), Error);
    EXPECT_THROW(spec.number("e"), Error);
}

TEST(PolicySpec, Prints_the_shortest_text_that_reads_back_as_the_same_value) {
    EXPECT_EQ(print_value(0.5f), "0.5");
    EXPECT_EQ(print_value(0.1f), "0.1");
    EXPECT_EQ(print_value(1.0f), "1");
    EXPECT_EQ(print_value(-12), "-12");
    EXPECT_EQ(print_value(std::numeric_limits<int>::min()), "-2147483648");
    for (const float value : {1.0f / 3.0f, 1e-20f, std::numeric_limits<float>::denorm_min(),
                              std::numeric_limits<float>::max()}) {
        EXPECT_EQ(PolicySpec("p", {{"a", print_value(value)}}).number("a"), value);
    }
}

}  // namespace
}  // namespace infinipot
