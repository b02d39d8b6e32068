#include "text/grammar_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/paths.h"
#include "support/refusal.h"

namespace infinipot {
namespace {

std::string refusal_of(const std::string& gbnf) {
    return refusal([&] { checked_grammar(gbnf); });
}

/// `n` times `text`.
std::string times(int n, const std::string& text) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
}

TEST(CheckedGrammar, Accepts_llama_cpps_own_grammars) {
    int n = 0;
    for (const auto& file : std::filesystem::directory_iterator(llama_file("grammars"))) {
        if (file.path().extension() != ".gbnf") continue;
        std::ostringstream text;
        text << std::ifstream(file.path()).rdbuf();
        EXPECT_EQ(refusal_of(text.str()), "") << file.path();
        ++n;
    }
    EXPECT_GE(n, 8);
}

TEST(CheckedGrammar, Accepts_the_syntax_of_GBNF) {
    for (const char* gbnf :
         {"root ::= \"a\"", "root ::= [a-z]+ | b*\nb ::= \"\\\"\" . [^\\x00-\\x1F\\u00e9\\]-]",
          "root ::= ( \"a\" |\n \"b\" # a comment\n ){2,3} b{2} b{2,} b?\r\nb ::= \"\u00e9\"\n\n",
          "# nothing\nroot ::= | a-1\na-1 ::= \"x\" a-1 | \"\"", "root ::= \"a\"{0}"}) {
        EXPECT_EQ(refusal_of(gbnf), "") << gbnf;
    }
}

TEST(CheckedGrammar, Names_the_fault) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "the grammar has no rule named root"},
        {"a ::= \"b\"", "the grammar has no rule named root"},
        {"root ::= a", "the grammar uses the rule a and does not define it"},
        {"root ::= \"a\nb", "the grammar ends within a string or class in line 2"},
        {"root ::= [a", "the grammar ends within a string or class in line 1"},
        {"root ::= (\"a\"", "the grammar lacks ) in line 1"},
        {"root ::= \"a\" )", "the grammar has an unexpected ')' in line 1"},
        {"root = \"a\"", "the grammar lacks ::= in line 1"},
        {"root ::= *", "the grammar repeats nothing in line 1"},
        {"root ::= \"a\"{3,2}", "the grammar repeats at most fewer times than at least in line 1"},
        {"root ::= \"a\"{2001}", "the grammar repeats more than 2,000 times in line 1"},
        {"root ::= \"a\"{99999999999}", "the grammar has no number where it repeats in line 1"},
        {"root ::= \"\\q\"", "the grammar has an unknown escape in line 1"},
        {"root ::= \"\\x4\"",
         "the grammar has an escape with too few hexadecimal digits in line 1"},
        {"root ::= <[5]>",
         "the grammar has a token in angle brackets, which is not supported, in line 1"},
    };
    for (const auto& [gbnf, sentence] : cases) EXPECT_EQ(refusal_of(gbnf), sentence) << gbnf;
    EXPECT_EQ(refusal_of(std::string("root ::= \"a\0\"", 13)), "the grammar contains a zero byte");
}

TEST(CheckedGrammar, Refuses_rules_that_begin_with_themselves) {
    for (const char* gbnf :
         {"root ::= root \"a\" | \"b\"", "root ::= a\na ::= b \"x\"\nb ::= root | \"y\"",
          // Behind what may be empty.
          "root ::= a root \"x\" | \"y\"\na ::= \"q\"?",
          "root ::= a root \"x\" | \"y\"\na ::= b b\nb ::= \"q\" |", "root ::= (\"a\"?)*"}) {
        EXPECT_TRUE(
            refusal_of(gbnf).starts_with("the grammar has a rule that can begin with itself: "))
            << gbnf << refusal_of(gbnf);
    }
}

TEST(CheckedGrammar, Refuses_what_is_too_large) {
    EXPECT_EQ(refusal_of("root ::= " + times(1 << 20, "(")), "the grammar has more than 64 KiB");
    EXPECT_EQ(refusal_of("root ::= " + times(60'000, "(")),
              "the grammar nests more than 64 groups in line 1");
    EXPECT_EQ(refusal_of("root ::= " + times(64, "(") + "\"a\"" + times(64, ")")), "");
    EXPECT_EQ(refusal_of("root ::= [" + times(1000, "ab") + "]{200}"), "");
    EXPECT_EQ(refusal_of("root ::= " + times(100, "\"a\"{2000} ")),
              "the grammar has more than 100,000 elements");
}

}  // namespace
}  // namespace infinipot
