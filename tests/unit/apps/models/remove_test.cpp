#include "models/remove.h"

#include <gtest/gtest.h>

#include "infinipot/error.h"
#include "store_files.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

class RemoveTest : public testing::Test {
   protected:
    TempDir folder_;
    Variables variables_{{{"HOME", folder_.path().string()}}};

    bool has(const char* name) const { return fs::exists(folder_ / name); }
    std::string refusal(const std::vector<std::string>& names) const {
        try {
            remove_models(names, variables_);
            return "none";
        } catch (const Error& error) {
            return error.what();
        }
    }
};

TEST_F(RemoveTest, Removes_every_part_of_a_model_and_what_is_unfinished) {
    put(folder_, ".cache/infinipot/a-00001-of-00002.gguf");
    put(folder_, ".cache/infinipot/a-00002-of-00002.gguf");
    put(folder_, ".cache/infinipot/.b.unfinished/model");
    put(folder_, ".cache/infinipot/c.gguf");
    EXPECT_EQ(remove_models({"a", "b"}, variables_).size(), 2U);
    EXPECT_FALSE(has(".cache/infinipot/a-00001-of-00002.gguf"));
    EXPECT_FALSE(has(".cache/infinipot/a-00002-of-00002.gguf"));
    EXPECT_FALSE(has(".cache/infinipot/.b.unfinished"));
    EXPECT_TRUE(has(".cache/infinipot/c.gguf"));
}

TEST_F(RemoveTest, Removes_nothing_if_one_name_is_wrong) {
    put(folder_, ".cache/infinipot/a.gguf");
    put(folder_, ".cache/llama.cpp/b.gguf");
    put(folder_, "c.gguf");
    EXPECT_NE(refusal({"a", "b"}).find("lies in a store of other programs"), std::string::npos);
    EXPECT_NE(refusal({"a", "foo"}).find("there is no model \"foo\""), std::string::npos);
    for (const char* name : {"", ".", "..", "../../c", "/etc/passwd"})
        EXPECT_NE(refusal({"a", name}).find("there is no model"), std::string::npos) << name;
    EXPECT_TRUE(has(".cache/infinipot/a.gguf"));
    EXPECT_TRUE(has("c.gguf"));
}

}  // namespace
}  // namespace infinipot::models
