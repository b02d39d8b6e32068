#include "text/json_schema.h"

#include <gtest/gtest.h>

#include "support/refusal.h"
#include "text/grammar_check.h"

namespace infinipot {
namespace {

std::string refusal_of(const std::string& schema) {
    return refusal([&] { checked_grammar(grammar_of_schema(schema)); });
}

std::string times(int n, const std::string& text) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
}

TEST(JsonSchema, Becomes_a_grammar_that_the_check_accepts) {
    for (const char* schema :
         {R"({})", R"({"type": "object"})", R"({"enum": ["a", 1, null]})",
          R"({"type": "array", "items": {"type": "integer", "minimum": 3, "maximum": 120}})",
          R"({"type": "array", "minItems": 2, "maxItems": 4})",
          R"({"type": "string", "pattern": "^[a-c]{2,3}(x|y)?$"})",
          R"({"type": "string", "format": "date-time"})",
          R"({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties":
             {"left": {"$ref": "#/$defs/tree"}, "name": {"type": "string", "maxLength": 5}}}}})",
          R"({"anyOf": [{"type": "boolean"}, {"const": "no"}]})"}) {
        EXPECT_EQ(refusal_of(schema), "") << schema;
        EXPECT_NE(grammar_of_schema(schema).find("root ::= "), std::string::npos);
    }
}

TEST(JsonSchema, Is_refused_with_a_sentence) {
    for (const char* bad :
         {"", "{", "[]", "1", R"({"type": "nonsense"})", R"({"type": 5})",
          R"({"$ref": "https://example.org/schema"})", R"({"$ref": "#/nowhere"})",
          R"({"type": "string", "pattern": "^(?=a)$"})", R"({"type": "string", "pattern": "^(a$"})",
          R"({"type": "array", "minItems": 9, "maxItems": 3})",
          R"({"type": "array", "minItems": 3000})",
          R"({"allOf": [{"$ref": "#/a"}], "a": {"$ref": "#/a"}})",
          R"({"$ref": "#/a", "a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}})"}) {
        const std::string sentence = refusal_of(bad);
        EXPECT_TRUE(sentence.starts_with("the JSON schema ") ||
                    sentence.starts_with("the grammar "))
            << bad << ": " << sentence;
        EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    }
}

TEST(JsonSchema, Is_refused_if_it_is_too_large) {
    EXPECT_EQ(refusal_of(times(1 << 20, "{\"items\":")), "the JSON schema has more than 64 KiB");
    const int n = 6000;
    EXPECT_EQ(refusal_of(times(n, "{\"items\":") + "{}" + times(n, "}")),
              "the JSON schema has more than 32 nested levels");
    EXPECT_EQ(refusal_of("{\"properties\":{\"" + times(60'000, "~") + "\":{}}}"),
              "the JSON schema has a string of more than 1,024 bytes");
    std::string members, references;
    for (int i = 0; i < 300; ++i) {
        const std::string name = (i > 0 ? ",\"a" : "\"a") + std::to_string(i) + "\":";
        members += name + "{}";
        references += (i > 0 ? "," : "") + std::string(R"({"$ref":"#/a"})");
    }
    EXPECT_EQ(refusal_of("{\"properties\":{" + members + "}}"),
              "the JSON schema has an object of more than 256 members");
    EXPECT_EQ(refusal_of("{\"a\":{\"type\":\"null\"},\"anyOf\":[" + references + "]}"),
              "the JSON schema has more than 256 references");
}

}  // namespace
}  // namespace infinipot
