#include "models/stores/hub_files.h"

#include <gtest/gtest.h>

namespace infinipot::models {
namespace {

using Files = std::vector<std::string>;

TEST(HubName, Has_a_repository_and_perhaps_a_type) {
    const auto plain = parse_hub_name("ann/Story-1.5B_GGUF");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->repository, "ann/Story-1.5B_GGUF");
    EXPECT_EQ(plain->type, "");
    EXPECT_EQ(parse_hub_name("ann/story:Q4_K_M")->type, "Q4_K_M");
    EXPECT_EQ(hub_folder_name("ann/story"), "models--ann--story");
}

TEST(HubName, Refuses_what_could_leave_a_folder_or_an_address) {
    for (const char* name :
         {"", "story", "/story", "ann/", "ann/../x", "../x", "a/b/c", "ann/st ory",
          "ann/story:", "ann/story:a/b", "a--b/story", "ann/x?y", ".ann/story", "ann/story\n"})
        EXPECT_FALSE(parse_hub_name(name)) << name;
}

TEST(HubFile, Of_the_wanted_type_is_chosen) {
    const Files files = {"a-Q8_0.gguf", "b-q4_0.gguf", "c-Q4_0-00001-of-00002.gguf"};
    EXPECT_EQ(choose_hub_file(files, "Q4_0"), "b-q4_0.gguf");
    EXPECT_EQ(choose_hub_file(files, "q8_0"), "a-Q8_0.gguf");
    EXPECT_EQ(choose_hub_file(files, "Q4"), std::nullopt);
}

TEST(HubFile, Is_Q4_K_M_then_Q8_0_then_the_first_by_default) {
    EXPECT_EQ(choose_hub_file({"a-Q8_0.gguf", "b-Q4_K_M.gguf"}, ""), "b-Q4_K_M.gguf");
    EXPECT_EQ(choose_hub_file({"a-BF16.gguf", "b-Q8_0.gguf"}, ""), "b-Q8_0.gguf");
    EXPECT_EQ(choose_hub_file({"README.md", "mmproj-a-Q8_0.gguf", "a-BF16.gguf"}, ""),
              "a-BF16.gguf");
    EXPECT_EQ(choose_hub_file({"README.md", "model.safetensors"}, ""), std::nullopt);
}

TEST(HubFile, Is_the_first_part_of_a_model_in_several_files) {
    const Files files = {"x/a-Q4_K_M-00002-of-00002.gguf", "x/a-Q4_K_M-00001-of-00002.gguf"};
    EXPECT_EQ(choose_hub_file(files, ""), files[1]);
}

}  // namespace
}  // namespace infinipot::models
