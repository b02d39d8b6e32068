#include "eval/run/results.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

bool any(const Results::Json& /*result*/) { return true; }

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Results, A_torn_last_line_is_dropped_and_written_again) {
    const TempDir folder;
    const std::string whole = R"({"id":"a","score":1})"
                              "\n";
    const auto path = folder.write("r.jsonl", whole + R"({"id":"b","sco)");
    Results results(path, any);
    EXPECT_TRUE(results.find("a"));
    EXPECT_FALSE(results.find("b"));
    EXPECT_EQ(content(path), whole);
    results.add({{"id", "b"}, {"score", 0}});
    EXPECT_EQ(content(path), whole + R"({"id":"b","score":0})"
                                     "\n");
}

TEST(Results, A_last_line_without_its_end_is_measured_again) {
    const TempDir folder;
    const auto path = folder.write("r.jsonl", R"({"id":"a","score":1})");
    const Results results(path, any);
    EXPECT_FALSE(results.find("a"));
    EXPECT_EQ(content(path), "");
}

TEST(Results, A_torn_line_in_the_middle_is_refused) {
    const TempDir folder;
    const auto path = folder.write("r.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\",\n{\"id\":\"c\"}\n");
    try {
        const Results results(path, any);
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_error);
        EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
}

TEST(Results, Without_a_path_results_are_kept_only_in_memory) {
    Results results("", any);
    results.add({{"id", "a"}, {"score", 1}});
    ASSERT_TRUE(results.find("a"));
    EXPECT_EQ((*results.find("a"))["score"], 1);
}

TEST(Results, Results_of_release_0_1_keep_their_ids_although_a_schedule_was_renamed) {
    const TempDir folder;
    const auto path = folder.write(
        "r.jsonl", R"({"policy":"swa","schedule":"one-by-one",)"
                   R"("id":"{\"policy\":\"swa\",\"schedule\":\"one-by-one\",\"seed\":1}"})"
                   "\n");
    const Results results(path, any);
    const auto result = results.find(R"({"policy":"swa","schedule":"per-token","seed":1})");
    ASSERT_TRUE(result);
    EXPECT_EQ((*result)["schedule"], "per-token");
}

TEST(Results, Results_with_another_schedule_are_read_unchanged) {
    const TempDir folder;
    const auto path = folder.write("r.jsonl", R"({"schedule":"at-end","id":"one-by-one"})"
                                              "\n");
    EXPECT_TRUE(Results(path, any).find("one-by-one"));
}

}  // namespace
}  // namespace infinipot::eval
