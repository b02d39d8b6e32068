#include "models/facts.h"

#include <gtest/gtest.h>

#include "infinipot/model.h"
#include "support/gguf_writer.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot::models {
namespace {

TEST(ModelFacts, Equal_what_the_loaded_model_says) {
    const TempDir folder;
    for (const char* architecture : {"llama", "qwen2", "gemma3", "phi3", "lfm2", "falcon-h1"}) {
        const auto path =
            write_tiny_model({.architecture = architecture, .n_head_kv = 1}, folder.path());
        const ModelFacts facts = read_facts(path);
        const Model model = Model::load(path);
        EXPECT_EQ(facts.problem, "");
        EXPECT_EQ(facts.architecture, architecture);
        EXPECT_EQ(facts.entry_bytes, model.entry_bytes());
        EXPECT_EQ(facts.n_ctx_train, model.info().n_ctx_train);
        EXPECT_EQ(facts.file_bytes, model.info().file_bytes);
        EXPECT_EQ(facts.weight_type, "F32");
    }
}

TEST(ModelFacts, Have_the_type_that_the_file_states_before_the_commonest) {
    const TempDir folder;
    GgufWriter file;
    add_tiny_model({.type = GGML_TYPE_Q8_0}, file);
    file.write(folder / "a.gguf");
    EXPECT_EQ(read_facts(folder / "a.gguf").weight_type, "Q8_0");
    file.set("general.file_type", 15);
    file.write(folder / "b.gguf");
    EXPECT_EQ(read_facts(folder / "b.gguf").weight_type, "Q4_K_M");
}

TEST(ModelFacts, Name_the_problem_of_an_architecture_that_is_not_supported) {
    const TempDir folder;
    GgufWriter file;
    file.set("general.architecture", "mamba");
    file.set("mamba.context_length", 4096);
    file.write(folder / "a.gguf");
    const ModelFacts facts = read_facts(folder / "a.gguf");
    EXPECT_EQ(facts.architecture, "mamba");
    EXPECT_EQ(facts.n_ctx_train, 4096);
    EXPECT_EQ(facts.entry_bytes, 0U);
    EXPECT_NE(facts.problem.find("mamba"), std::string::npos) << facts.problem;
}

TEST(ModelFacts, Name_the_problem_of_a_file_that_is_no_model) {
    const TempDir folder;
    const ModelFacts facts = read_facts(folder.write("a.gguf", "no model"));
    EXPECT_EQ(facts.architecture, "");
    EXPECT_NE(facts.problem.find("a.gguf"), std::string::npos) << facts.problem;
}

}  // namespace
}  // namespace infinipot::models
