#include "models/stores/stores.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "store_files.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

const std::string digest(64, 'a');

std::string manifest(const std::string& layers) {
    return R"({"schemaVersion": 2, "layers": [)" + layers + "]}";
}

std::string layer(const std::string& kind, const std::string& hash) {
    return R"({"mediaType": "application/vnd.ollama.image.)" + kind + R"(", "digest": "sha256:)" +
           hash + R"("})";
}

std::vector<std::string> names(const SourcePtr& source) {
    std::vector<std::string> all;
    for (const StoredModel& model : source->models()) all.push_back(model.name);
    return all;
}

using Names = std::vector<std::string>;

TEST(OwnStore, Names_a_model_after_its_file_and_lists_the_first_of_several_files) {
    const TempDir folder;
    put(folder, "tinyllama.gguf");
    put(folder, "big-00001-of-00002.gguf");
    put(folder, "big-00002-of-00002.gguf");
    put(folder, "mmproj-big.gguf");
    put(folder, ".gemma.unfinished/model.gguf");
    put(folder, "readme.txt");
    const auto store = own_store(folder.path());
    EXPECT_EQ(names(store), (Names{"big", "tinyllama"}));
    EXPECT_EQ(store->find("tinyllama")->path, folder / "tinyllama.gguf");
    EXPECT_EQ(store->find("big")->path, folder / "big-00001-of-00002.gguf");
    EXPECT_FALSE(store->find("tiny"));
    EXPECT_FALSE(store->find("ollama:tinyllama"));
}

TEST(OwnStore, Has_no_models_if_its_folder_is_missing) {
    EXPECT_TRUE(own_store("/nowhere/at/all")->models().empty());
    EXPECT_TRUE(own_store("")->models().empty());
}

TEST(OllamaStore, Finds_the_weights_that_a_manifest_names) {
    const TempDir folder;
    const auto weights = put(folder, "blobs/sha256-" + digest);
    const std::string text =
        manifest(layer("template", std::string(64, 'b')) + ", " + layer("model", digest));
    put(folder, "manifests/registry.ollama.ai/library/qwen2.5/1.5b", text);
    put(folder, "manifests/registry.ollama.ai/library/llama3.2/latest", text);
    put(folder, "manifests/registry.ollama.ai/ann/story/7b", text);
    put(folder, "manifests/hf.co/ann/story/Q8_0", text);
    const auto store = ollama_store({"/nowhere", folder.path()});
    EXPECT_EQ(names(store), (Names{"ollama:ann/story:7b", "ollama:hf.co/ann/story:Q8_0",
                                   "ollama:llama3.2:latest", "ollama:qwen2.5:1.5b"}));
    for (const char* name : {"ollama:qwen2.5:1.5b", "qwen2.5:1.5b", "ollama:llama3.2", "llama3.2",
                             "ann/story:7b", "hf.co/ann/story:q8_0"})
        ASSERT_TRUE(store->find(name)) << name;
    EXPECT_EQ(store->find("llama3.2")->path, weights);
    EXPECT_FALSE(store->find("qwen2.5"));
    EXPECT_FALSE(store->find("lmstudio:llama3.2"));
}

TEST(OllamaStore, Knows_the_file_names_of_old_versions) {
    const TempDir folder;
    const auto weights = put(folder, "blobs/sha256:" + digest);
    put(folder, "manifests/registry.ollama.ai/library/old/latest",
        manifest(layer("model", digest)));
    EXPECT_EQ(ollama_store({folder.path()})->find("ollama:old")->path, weights);
}

TEST(OllamaStore, Leaves_out_manifests_that_are_damaged_or_lead_elsewhere) {
    const TempDir folder;
    put(folder, "blobs/sha256-" + digest);
    const fs::path library = "manifests/registry.ollama.ai/library";
    put(folder, library / "cut/latest", R"({"layers": [)");
    put(folder, library / "list/latest", "[1, 2]");
    put(folder, library / "odd/latest", R"({"layers": [1, {"mediaType": 2}, {"digest": []}]})");
    put(folder, library / "escape/latest", manifest(layer("model", "../../../etc/passwd")));
    put(folder, library / "gone/latest", manifest(layer("model", std::string(64, 'c'))));
    EXPECT_EQ(names(ollama_store({folder.path()})), Names{});
}

TEST(LmStudioStore, Names_a_model_after_publisher_repository_and_file) {
    const TempDir folder;
    const auto file = put(folder, "ann/Story-GGUF/story-Q4_K_M.gguf");
    put(folder, "bob/Story-GGUF/story-Q8_0.gguf");
    put(folder, "ann/Story-GGUF/mmproj-story.gguf");
    const auto store = lm_studio_store({folder.path()});
    EXPECT_EQ(names(store), (Names{"lmstudio:ann/Story-GGUF/story-Q4_K_M",
                                   "lmstudio:bob/Story-GGUF/story-Q8_0"}));
    for (const char* name : {"lmstudio:ann/Story-GGUF/story-Q4_K_M", "lmstudio:story-Q4_K_M",
                             "story-Q4_K_M", "lmstudio:story-Q4_K_M.gguf"}) {
        ASSERT_TRUE(store->find(name)) << name;
        EXPECT_EQ(store->find(name)->path, file);
    }
}

TEST(LmStudioStore, Finds_nothing_by_a_short_name_of_two_models) {
    const TempDir folder;
    put(folder, "ann/a/story.gguf");
    put(folder, "bob/a/story.gguf");
    EXPECT_FALSE(lm_studio_store({folder.path()})->find("story"));
}

TEST(LlamaCppStore, Names_a_model_after_its_file) {
    const TempDir folder;
    put(folder, "ann_story.gguf");
    const auto store = llama_cpp_store({folder.path()});
    EXPECT_EQ(names(store), Names{"llama.cpp:ann_story"});
    EXPECT_TRUE(store->find("llama.cpp:ann_story"));
}

/// A repository of the Hub's cache with the snapshot of `main` and, unused, of an older commit.
class HubStoreTest : public testing::Test {
   protected:
    const std::string commit_ = std::string(40, '1');
    TempDir folder_;
    fs::path repository_ = "models--ann--Story-GGUF";
    fs::path snapshot_ = repository_ / "snapshots" / commit_;
    SourcePtr store_ = hub_store({folder_.path()});

    void SetUp() override {
        put(folder_, repository_ / "refs/main", commit_);
        put(folder_, repository_ / "snapshots" / std::string(40, '2') / "old-Q2_K.gguf");
    }

    void link(const fs::path& name) {
        const auto blob = put(folder_, repository_ / "blobs" / digest);
        fs::create_directories((folder_.path() / snapshot_ / name).parent_path());
        fs::create_symlink(blob, folder_.path() / snapshot_ / name);
    }
};

TEST_F(HubStoreTest, Lists_the_models_of_the_current_snapshot) {
    link("story-Q8_0.gguf");
    link("UD/story-q4_k_m.gguf");
    put(folder_, snapshot_ / "README.md");
    EXPECT_EQ(names(store_), (Names{"hf:ann/Story-GGUF:Q4_K_M", "hf:ann/Story-GGUF:Q8_0"}));
}

TEST_F(HubStoreTest, Chooses_by_type_and_else_as_llama_cpp_does) {
    link("story-BF16.gguf");
    link("story-Q8_0.gguf");
    const auto file_for = [&](const char* name) {
        const auto found = store_->find(name);
        return found ? found->path.filename().string() : "none";
    };
    EXPECT_EQ(file_for("hf:ann/Story-GGUF"), "story-Q8_0.gguf");
    EXPECT_EQ(file_for("ann/Story-GGUF"), "story-Q8_0.gguf");
    EXPECT_EQ(file_for("hf:ann/Story-GGUF:bf16"), "story-BF16.gguf");
    EXPECT_EQ(file_for("hf:ann/Story-GGUF:Q2_K"), "none");
    EXPECT_EQ(file_for("hf:bob/Story-GGUF"), "none");
}

TEST_F(HubStoreTest, Leaves_out_models_that_are_not_whole) {
    put(folder_, snapshot_ / "a-Q8_0-00001-of-00002.gguf");
    fs::create_symlink("../../blobs/gone", folder_.path() / snapshot_ / "b-Q8_0.gguf");
    EXPECT_EQ(names(store_), Names{});
    put(folder_, snapshot_ / "a-Q8_0-00002-of-00002.gguf");
    EXPECT_EQ(names(store_), Names{"hf:ann/Story-GGUF:Q8_0"});
}

TEST_F(HubStoreTest, Follows_no_commit_that_is_a_path) {
    put(folder_, repository_ / "refs/main", "../../..");
    link("story-Q8_0.gguf");
    EXPECT_EQ(names(store_), Names{});
}

TEST(StoreFolders, Follow_the_environment_of_each_program) {
    using Values = std::map<std::string, std::string>;
    const Variables plain(Values{{"HOME", "/home/ann"}});
    EXPECT_EQ(model_folder(plain), "/home/ann/.cache/infinipot");
    EXPECT_EQ(hub_folders(plain), Folders{"/home/ann/.cache/huggingface/hub"});
    EXPECT_EQ(llama_cpp_folders(plain), Folders{"/home/ann/.cache/llama.cpp"});
    EXPECT_EQ(ollama_folders(plain)[0], "/home/ann/.ollama/models");
    EXPECT_EQ(lm_studio_folders(plain)[0], "/home/ann/.lmstudio/models");

    const Variables moved(Values{{"HOME", "/home/ann"},
                                 {"XDG_CACHE_HOME", "/x"},
                                 {"HF_HOME", "/hf"},
                                 {"OLLAMA_MODELS", "/ollama"}});
    EXPECT_EQ(model_folder(moved), "/x/infinipot");
    EXPECT_EQ(hub_folders(moved), Folders{"/hf/hub"});
    EXPECT_EQ(llama_cpp_folders(moved), Folders{"/x/llama.cpp"});
    EXPECT_EQ(ollama_folders(moved)[0], "/ollama");

    const Variables named(Values{{"INFINIPOT_CACHE", "/own"},
                                 {"HF_HUB_CACHE", "/hub"},
                                 {"HF_HOME", "/hf"},
                                 {"LLAMA_CACHE", "/llama"}});
    EXPECT_EQ(model_folder(named), "/own");
    EXPECT_EQ(hub_folders(named), (Folders{"/hub", "/llama"}));
    EXPECT_EQ(llama_cpp_folders(named), Folders{"/llama"});
}

}  // namespace
}  // namespace infinipot::models
