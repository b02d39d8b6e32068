#include "models/library.h"

#include <gtest/gtest.h>

#include "infinipot/error.h"
#include "store_files.h"

namespace infinipot::models {
namespace {

class ModelLibraryTest : public testing::Test {
   protected:
    TempDir folder_;
    Variables variables_{{{"HOME", folder_.path().string()}}};

    std::string resolve(const std::string& name) const {
        return ModelLibrary::of(variables_).resolve(name).string();
    }
    std::string refusal(const std::string& name) const {
        try {
            return "found " + resolve(name);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::file_error);
            return error.what();
        }
    }
    void expect_refusal(const std::string& name, const std::string& words) const {
        EXPECT_NE(refusal(name).find(words), std::string::npos) << refusal(name);
    }
};

TEST_F(ModelLibraryTest, Takes_a_file_that_exists_before_any_name) {
    const auto file = put(folder_, "tinyllama");
    put(folder_, ".cache/infinipot/tinyllama.gguf");
    EXPECT_EQ(resolve(file.string()), file);
}

TEST_F(ModelLibraryTest, Looks_into_our_own_folder_first) {
    const auto other = put(folder_, ".cache/llama.cpp/story.gguf");
    EXPECT_EQ(resolve("story"), other);
    const auto own = put(folder_, ".cache/infinipot/story.gguf");
    EXPECT_EQ(resolve("story"), own);
    EXPECT_EQ(resolve("llama.cpp:story"), other);
}

TEST_F(ModelLibraryTest, Says_which_names_exist_and_how_to_get_one) {
    expect_refusal("foo",
                   "there is no model \"foo\"; there is none here, and infinipot pull NAME gets");
    put(folder_, ".cache/infinipot/story.gguf");
    put(folder_, ".lmstudio/models/ann/b/c.gguf");
    expect_refusal("foo", "here are story and lmstudio:ann/b/c, and infinipot pull NAME gets");
    expect_refusal("foo", "smollm2-135m");
    expect_refusal("tinyllama", "infinipot pull tinyllama gets it");
    expect_refusal("hf:ann/story", "infinipot pull hf:ann/story gets it");
    expect_refusal("stroy", "did you mean story?");
}

TEST_F(ModelLibraryTest, Lists_the_first_of_many_names) {
    for (int i = 0; i < 30; ++i)
        put(folder_, ".cache/infinipot/model" + std::to_string(i) + ".gguf");
    expect_refusal("foo", "and 22 more");
}

TEST_F(ModelLibraryTest, Calls_what_looks_like_a_path_a_file) {
    for (const char* name : {"/nowhere/a", "./tinyllama", "../a", "b.gguf", "~/a"})
        expect_refusal(name, "there is no model file \"" + std::string(name) + '"');
}

}  // namespace
}  // namespace infinipot::models
