#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/session_fixture.h"

// Answers that follow a grammar or a JSON schema, from a model of random weights.

namespace infinipot {
namespace {

using Json = nlohmann::json;

class GrammarTest : public SessionTest {
   protected:
    /// Answers of 8 seeds; every other one has a high temperature. Answers that max_tokens cut are
    /// left out.
    std::vector<std::string> answers(GenerateOptions options) {
        Session reader = session();
        reader.ingest(words(300));
        std::vector<std::string> texts;
        for (std::uint32_t seed = 0; seed < 8; ++seed) {
            options.sampling = {.temperature = seed % 2 ? 1.5f : 0.5f, .top_k = 0, .seed = seed};
            options.max_tokens = 60;
            Generation answer = reader.ask("who?", options);
            const std::string text = answer.text();
            if (answer.stop_reason() == StopReason::end_of_answer) texts.push_back(text);
        }
        EXPECT_FALSE(texts.empty()) << "no answer ended";
        return texts;
    }

    std::vector<Json> objects(const std::string& schema) {
        std::vector<Json> all;
        for (const std::string& text : answers({.json_schema = schema})) {
            const Json json = Json::parse(text, nullptr, false);
            EXPECT_FALSE(json.is_discarded()) << text;
            all.push_back(json);
        }
        return all;
    }
};

TEST_F(GrammarTest, A_grammar_of_digits_gives_digits_alone) {
    for (const std::string& text : answers({.grammar = "root ::= [0-9]{3,12}"})) {
        EXPECT_GE(text.size(), 3u);
        EXPECT_LE(text.size(), 12u);
        EXPECT_EQ(text.find_first_not_of("0123456789"), std::string::npos) << text;
    }
}

TEST_F(GrammarTest, An_answer_goes_on_until_the_grammar_lets_it_end) {
    Session reader = session();
    reader.ingest(words(300));
    Generation answer =
        reader.ask("who?", {.max_tokens = 60, .grammar = "root ::= \"exactly this \u00e9\""});
    EXPECT_EQ(answer.text(), "exactly this \u00e9");
    EXPECT_EQ(answer.stop_reason(), StopReason::end_of_answer);
    Generation longer = reader.ask(
        "who?", {.max_tokens = 60, .min_tokens = 60, .grammar = "root ::= \"exactly this\""});
    EXPECT_EQ(longer.text(), "exactly this") << "min_tokens cannot add what the grammar forbids";
}

TEST_F(GrammarTest, Required_members_are_there_and_no_others) {
    const auto all = objects(R"({"type": "object", "required": ["age", "old"],
        "additionalProperties": false,
        "properties": {"age": {"type": "integer", "minimum": 0, "maximum": 99},
                       "old": {"type": "boolean"}}})");
    for (const Json& json : all) {
        ASSERT_TRUE(json.is_object() && json.size() == 2) << json;
        EXPECT_TRUE(json["age"].is_number_integer() && json["age"] >= 0 && json["age"] <= 99);
        EXPECT_TRUE(json["old"].is_boolean());
    }
}

TEST_F(GrammarTest, Enumerated_values_are_the_only_ones) {
    for (const Json& json : objects(R"({"enum": ["red", "green", 7, null]})"))
        EXPECT_TRUE(json == "red" || json == "green" || json == 7 || json == nullptr) << json;
}

TEST_F(GrammarTest, An_array_has_a_number_of_items_within_the_limits) {
    for (const Json& json : objects(
             R"({"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "boolean"}})")) {
        EXPECT_TRUE(json.is_array() && json.size() >= 2 && json.size() <= 3) << json;
        for (const Json& item : json) EXPECT_TRUE(item.is_boolean()) << json;
    }
}

TEST_F(GrammarTest, Nested_schemas_are_satisfied) {
    const auto all = objects(R"({"type": "object", "required": ["who"], "properties": {"who":
        {"type": "object", "required": ["tags"], "properties": {"tags": {"type": "array",
         "maxItems": 2, "items": {"type": "string", "maxLength": 4}}}}}})");
    for (const Json& json : all) {
        ASSERT_TRUE(json["who"]["tags"].is_array()) << json;
        EXPECT_LE(json["who"]["tags"].size(), 2u);
        for (const Json& tag : json["who"]["tags"]) EXPECT_TRUE(tag.is_string()) << json;
    }
}

TEST_F(GrammarTest, A_bad_grammar_is_refused_and_leaves_the_session_as_it_was) {
    Session reader = session();
    reader.ingest(words(300));
    reader.flush();
    const std::string before = contents(reader);
    for (const GenerateOptions& bad :
         {GenerateOptions{.grammar = "root ::= root"}, GenerateOptions{.grammar = "root ::= ("},
          GenerateOptions{.json_schema = "{"},
          GenerateOptions{.grammar = "root ::= \"a\"", .json_schema = "{}"}}) {
        sentence_of([&] { reader.ask("who?", bad); }, ErrorCode::invalid_argument);
        sentence_of([&] { validate(model_, bad); }, ErrorCode::invalid_argument);
    }
    EXPECT_TRUE(contents(reader) == before);
    EXPECT_FALSE(reader.ask("who?", {.max_tokens = 5}).text().empty());
}

}  // namespace
}  // namespace infinipot
