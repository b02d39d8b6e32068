#include "eval/longbench/data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

constexpr const char* one_item =
    R"({"_id": "a", "input": "Who?", "context": "A text.", "answers": ["Ann"], "length": 3,)"
    R"( "dataset": "qasper", "language": "en", "all_classes": null})";

class LongBenchFolder : public testing::Test {
   protected:
    LongBenchFolder() {
        std::filesystem::create_directories(folder_ / "config");
        std::filesystem::create_directories(folder_ / "data");
        folder_.write("config/dataset2prompt.json",
                      R"({"qasper": "Article: {context}\n\nQ: {input}\nA:", "trec": "{context}"})");
        folder_.write("config/dataset2maxlen.json", R"({"qasper": 128, "trec": 64, "lcc": 0})");
    }

    LongBenchData read(const std::string& lines) {
        folder_.write("data/qasper.jsonl", lines);
        return read_longbench(folder_.path(), longbench_task("qasper"));
    }

    /// The sentence, without the folder.
    std::string refusal(const std::string& lines, ErrorCode code = ErrorCode::file_error) {
        return refusal_of([&] { read(lines); }, code);
    }

    template <typename Action>
    std::string refusal_of(Action action, ErrorCode code = ErrorCode::file_error) {
        try {
            action();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code);
            const std::string sentence = error.what();
            const std::string path = folder_.path().string() + "/";
            const auto at = sentence.find(path);
            return at == std::string::npos ? sentence
                                           : std::string(sentence).erase(at, path.size());
        }
        ADD_FAILURE() << "nothing was thrown";
        return {};
    }

    TempDir folder_;
};

TEST_F(LongBenchFolder, Becomes_prompts) {
    const LongBenchData data = read(std::string(one_item) + "\n");
    EXPECT_EQ(data.max_tokens, 128);
    ASSERT_EQ(data.items.size(), 1u);
    const LongBenchItem& item = data.items[0];
    EXPECT_EQ(item.id, "a");
    EXPECT_EQ(item.prompt.text, "Article: A text.");
    EXPECT_EQ(item.prompt.question, "\n\nQ: Who?\nA:");
    EXPECT_EQ(item.answers, std::vector<std::string>{"Ann"});
    EXPECT_TRUE(item.all_classes.empty());
    EXPECT_EQ(item.length, 3);
    EXPECT_EQ(longbench_tasks_in(folder_.path()).size(), 1u);
}

TEST_F(LongBenchFolder, Reports_an_error_with_file_and_line) {
    const std::string good = std::string(one_item) + "\n";
    EXPECT_EQ(refusal(good + "{\"_id\": \"b\""), "data/qasper.jsonl, line 2 is not a JSON object");
    EXPECT_EQ(refusal(good + "\n" + good), "data/qasper.jsonl, line 2 is not a JSON object");
    EXPECT_EQ(refusal("[]"), "data/qasper.jsonl, line 1 is not a JSON object");
    EXPECT_EQ(refusal(""), "data/qasper.jsonl is empty");
    EXPECT_EQ(refusal(good + good), "data/qasper.jsonl, line 2: another item has the \"_id\" a");
    EXPECT_EQ(refusal("{\"_id\": \"caf\xE9\"}", ErrorCode::bad_text),
              "data/qasper.jsonl, line 1 is not UTF-8 at byte 12");
}

TEST_F(LongBenchFolder, Is_refused_if_a_key_is_missing_or_of_another_type) {
    const auto without = [](const std::string& part, const std::string& instead = "") {
        std::string line = one_item;
        return line.replace(line.find(part), part.size(), instead);
    };
    EXPECT_EQ(refusal(without("\"_id\": \"a\", ")),
              "data/qasper.jsonl, line 1: there is no \"_id\"");
    EXPECT_EQ(refusal(without("\"context\": \"A text.\", ")),
              "data/qasper.jsonl, line 1: there is no \"context\"");
    EXPECT_EQ(refusal(without("\"Who?\"", "7")), "data/qasper.jsonl, line 1: \"input\" is no text");
    EXPECT_EQ(refusal(without("[\"Ann\"]", "[]")),
              "data/qasper.jsonl, line 1: \"answers\" is no list of texts");
    EXPECT_EQ(refusal(without("[\"Ann\"]", "[\"Ann\", 1]")),
              "data/qasper.jsonl, line 1: \"answers\" is no list of texts");
    EXPECT_EQ(refusal(without("\"length\": 3", "\"length\": \"3\"")),
              "data/qasper.jsonl, line 1: \"length\" is no whole number");
}

TEST_F(LongBenchFolder, Is_refused_if_a_file_or_its_task_is_missing) {
    const auto reading = [&](const char* task) {
        return [this, task] { read_longbench(folder_.path(), longbench_task(task)); };
    };
    EXPECT_EQ(refusal_of(reading("qasper")), "cannot read data/qasper.jsonl");
    EXPECT_EQ(refusal_of(reading("hotpotqa")),
              "config/dataset2maxlen.json: there is no \"hotpotqa\"");
    EXPECT_EQ(refusal_of(reading("lcc")),
              "config/dataset2maxlen.json: \"lcc\" is less than one token");
    EXPECT_EQ(refusal_of([&] { longbench_tasks_in(folder_ / "none"); }),
              "there are no tasks of LongBench in none/data, such as qasper.jsonl");
}

TEST_F(LongBenchFolder, Is_refused_if_a_template_lacks_the_context_or_the_question) {
    folder_.write("config/dataset2prompt.json", R"({"qasper": "{context} {question}"})");
    EXPECT_EQ(refusal(one_item),
              "config/dataset2prompt.json: \"qasper\": the template has {question}, and may have "
              "{context} and {input}");
    folder_.write("config/dataset2prompt.json", R"({"qasper": "{input} {context}"})");
    EXPECT_EQ(refusal(one_item),
              "data/qasper.jsonl, line 1: nothing follows the context of its prompt");
}

TEST_F(LongBenchFolder, Must_list_the_classes_of_trec) {
    folder_.write("config/dataset2prompt.json", R"({"trec": "{context} {input}"})");
    folder_.write("data/trec.jsonl", one_item);
    EXPECT_EQ(refusal_of([&] { read_longbench(folder_.path(), longbench_task("trec")); }),
              "data/trec.jsonl, line 1: there is no \"all_classes\"");
}

std::vector<std::string> ids(const std::vector<LongBenchItem>& items) {
    std::vector<std::string> result;
    for (const LongBenchItem& item : items) result.push_back(item.id);
    return result;
}

TEST(Sample, Depends_on_the_seed_alone) {
    std::vector<LongBenchItem> items;
    for (int i = 0; i < 50; ++i) items.push_back({.id = "item " + std::to_string(i)});
    const auto ten = ids(sample(items, 10, 1));
    EXPECT_EQ(ten.size(), 10u);
    EXPECT_EQ(ids(sample(items, 10, 1)), ten);
    EXPECT_NE(ids(sample(items, 10, 2)), ten);
    EXPECT_EQ(ids(sample(items, 50, 1)), ids(items));
    EXPECT_EQ(ids(sample(items, 1000, 1)), ids(items));

    const auto twenty = ids(sample(items, 20, 1));
    for (const auto& id : ten) EXPECT_NE(std::ranges::find(twenty, id), twenty.end()) << id;
    auto reversed = items;
    std::ranges::reverse(reversed);
    auto back = ids(sample(reversed, 10, 1));
    std::ranges::reverse(back);
    EXPECT_EQ(back, ten);
}

}  // namespace
}  // namespace infinipot::eval
