#include <gtest/gtest.h>

#include "infinipot/error.h"
#include "infinipot/model.h"
#include "support/gguf_writer.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"
#include "support/tiny_recurrent.h"

// Valid files that need a feature which none of our graphs computes. Loading must fail with a
// sentence that names the feature, and never give a model that computes something else.

namespace infinipot {
namespace {

bool has_experts(const std::string& architecture) {
    return architecture.ends_with("moe") || architecture == "gpt-oss" ||
           architecture == "qwen3next";
}

class Refusal : public testing::Test {
   protected:
    /// Returns the error of loading a tiny model with these changes; empty if there is none.
    std::string complaint(const std::string& architecture, auto change) const {
        GgufWriter writer;
        TinyModel model{.architecture = architecture, .n_layer = 2, .n_vocab = 400};
        if (has_experts(architecture)) model.n_expert = 4;
        if (architecture == "cohere2" || architecture == "gpt-oss")
            model.window = 64;  // which libllama wants too
        add_tiny_model(model, writer);
        change(writer);
        const auto path = folder_ / "changed.gguf";
        writer.write(path);
        try {
            Model::load(path);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unsupported_model) << error.what();
            return error.what();
        }
        return {};
    }

    void expect_named(const std::string& architecture, const std::string& name, auto change) {
        const std::string sentence = complaint(architecture, change);
        EXPECT_NE(sentence.find(name), std::string::npos)
            << architecture << " with " << name << ": " << sentence;
    }

    TempDir folder_;
};

/// Whether the graph of an architecture computes what most others lack.
bool implements(const std::string& architecture, const std::string& key) {
    if (architecture.starts_with("granite") && key.ends_with("_scale"))
        return !key.starts_with("attention");
    if (key == "expert_count")
        return architecture == "granitehybrid" || architecture == "llama" ||
               has_experts(architecture);
    if (key == "expert_shared_count")
        return architecture == "glm4moe" || architecture == "ernie4_5-moe" ||
               architecture == "qwen3next" || architecture == "qwen35moe";
    if (key == "nextn_predict_layers")
        return architecture == "glm4moe" || has_delta_nets({.architecture = architecture});
    if (architecture == "command-r" || architecture == "cohere2") return key == "logit_scale";
    if (architecture == "mistral3")
        return key == "attention.temperature_scale" || key == "rope.scaling.yarn_log_multiplier";
    return architecture == "hunyuan-dense" && key == "rope.scaling.alpha";
}

const std::vector<std::string> architectures = {
    "llama",         "qwen2",    "qwen3",        "gemma2",  "gemma3",        "phi3",
    "smollm3",       "granite",  "olmo2",        "glm4",    "exaone4",       "ernie4_5",
    "hunyuan-dense", "seed_oss", "command-r",    "cohere2", "mistral3",      "starcoder2",
    "apertus",       "qwen3moe", "olmoe",        "lfm2",    "granitehybrid", "falcon-h1",
    "qwen35",        "glm4moe",  "ernie4_5-moe", "gpt-oss", "lfm2moe",       "qwen3next",
    "qwen35moe"};

TEST_F(Refusal, Every_architecture_loads_unchanged) {
    for (const auto& name : architectures) {
        EXPECT_EQ(complaint(name, [](GgufWriter&) {}), "") << name;
    }
}

TEST_F(Refusal, A_window_that_decides_about_rope_must_be_there) {
    const auto path = write_tiny_model({.architecture = "cohere2"}, folder_.path());
    try {
        Model::load(path);
        ADD_FAILURE() << "a model without a window was loaded";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find("no sliding window"), std::string::npos);
    }
}

TEST_F(Refusal, A_feature_that_no_graph_computes_is_named) {
    for (const auto& name : architectures) {
        for (const char* key :
             {"expert_count", "expert_group_count", "expert_shared_count", "nextn_predict_layers",
              "attention.shared_kv_layers", "attention.key_length_swa", "pooling_type"}) {
            if (implements(name, key)) continue;
            expect_named(name, key, [&](GgufWriter& file) { file.set(name + "." + key, 8); });
        }
        for (const char* key :
             {"attention.max_alibi_bias", "attention.clamp_kqv", "logit_scale", "residual_scale",
              "embedding_scale", "rope.scaling.alpha", "rope.scaling.yarn_log_multiplier",
              "attention.temperature_scale"}) {
            if (implements(name, key)) continue;
            expect_named(name, key, [&](GgufWriter& file) { file.set(name + "." + key, 8.0f); });
        }
    }
}

TEST_F(Refusal, A_feature_of_other_architectures_is_named) {
    for (const char* name : {"llama", "qwen2", "qwen3", "gemma3", "phi3"}) {
        expect_named(name, "attn_logit_softcapping", [&](GgufWriter& file) {
            file.set(std::string(name) + ".attn_logit_softcapping", 50.0f);
        });
    }
    for (const char* name : {"qwen2", "qwen3"}) {
        expect_named(name, "attention.sliding_window", [&](GgufWriter& file) {
            file.set(std::string(name) + ".attention.sliding_window", 100);
        });
    }
    expect_named("qwen3", "rope.dimension_count",
                 [](GgufWriter& file) { file.set("qwen3.rope.dimension_count", 8); });
}

TEST_F(Refusal, Counts_per_layer_and_axes_of_rope_are_named) {
    const std::vector<std::int32_t> counts = {4, 2};
    const std::vector<std::int32_t> sections = {8, 12, 12, 0};
    for (const auto& name : architectures) {
        for (const char* key :
             {"attention.head_count", "attention.head_count_kv", "feed_forward_length"}) {
            if (is_hybrid({.architecture = name}) && key != std::string("feed_forward_length"))
                continue;
            expect_named(name, key, [&](GgufWriter& file) {
                file.set(name + "." + key, std::span<const std::int32_t>(counts));
            });
        }
        if (name.starts_with("qwen35")) continue;
        expect_named(name, "rope.dimension_sections", [&](GgufWriter& file) {
            file.set(name + ".rope.dimension_sections", std::span<const std::int32_t>(sections));
        });
    }
}

TEST_F(Refusal, Head_counts_that_differ_between_layers_that_attend_are_named) {
    const std::vector<std::int32_t> counts = {1, 2};
    expect_named("falcon-h1", "attention.head_count_kv", [&](GgufWriter& file) {
        file.set("falcon-h1.attention.head_count_kv", std::span<const std::int32_t>(counts));
    });
}

TEST_F(Refusal, An_axis_of_rope_that_a_text_does_not_have_is_named) {
    const std::vector<std::int32_t> sections = {1, 2, 2, 3};
    expect_named("qwen35", "rope.dimension_sections", [&](GgufWriter& file) {
        file.set("qwen35.rope.dimension_sections", std::span<const std::int32_t>(sections));
    });
}

/// Loads a tiny hybrid with a change, which must damage it.
void expect_damaged(const std::string& architecture, const std::string& words, auto change) {
    const TempDir folder;
    GgufWriter file;
    add_tiny_model({.architecture = architecture, .n_vocab = 400}, file);
    change(file);
    file.write(folder / "changed.gguf");
    try {
        Model::load(folder / "changed.gguf");
        ADD_FAILURE() << "loaded";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
}

TEST(DamagedHybrid, Impossible_sizes_of_recurrent_layers_are_named) {
    const std::vector<std::int32_t> none = {0, 0}, three = {0, 2, 2};
    expect_damaged("lfm2", "none of its layers attends", [&](GgufWriter& file) {
        file.set("lfm2.attention.head_count_kv", std::span<const std::int32_t>(none));
    });
    expect_damaged("lfm2", "does not have 2 numbers", [&](GgufWriter& file) {
        file.set("lfm2.attention.head_count_kv", std::span<const std::int32_t>(three));
    });
    expect_damaged("lfm2", "no past",
                   [](GgufWriter& file) { file.set("lfm2.shortconv.l_cache", 1); });
    expect_damaged("granitehybrid", "3 recurrent heads cannot share",
                   [](GgufWriter& file) { file.set("granitehybrid.ssm.time_step_rank", 3); });
    expect_damaged("qwen35", "keys and values of different sizes",
                   [](GgufWriter& file) { file.set("qwen35.ssm.state_size", 8); });
}

TEST_F(Refusal, An_unknown_scaling_is_named) {
    for (const auto& name : architectures) {
        expect_named(name, "dynamic",
                     [&](GgufWriter& file) { file.set(name + ".rope.scaling.type", "dynamic"); });
    }
}

TEST_F(Refusal, Attention_to_later_tokens_is_named) {
    expect_named("llama", "attention.causal",
                 [](GgufWriter& file) { file.set("llama.attention.causal", false); });
}

TEST_F(Refusal, A_tensor_that_nothing_uses_is_named) {
    const std::vector<float> numbers(64, 0.5f);
    for (const auto& architecture : architectures) {
        for (const char* name : {"blk.0.attn_sinks.weight", "blk.1.ffn_gate_shexp.weight",
                                 "blk.0.attn_q.scale", "cls.output.weight"}) {
            if (name == std::string("blk.0.attn_sinks.weight") && architecture == "gpt-oss")
                continue;
            if (name == std::string("blk.1.ffn_gate_shexp.weight") &&
                implements(architecture, "expert_shared_count"))
                continue;
            expect_named(architecture, name,
                         [&](GgufWriter& file) { file.add(name, GGML_TYPE_F32, {64}, numbers); });
        }
    }
}

TEST_F(Refusal, A_file_with_only_a_tokenizer_is_not_called_damaged) {
    try {
        Model::load(vocabulary_path("llama-spm"));
        ADD_FAILURE() << "loaded";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("has a tokenizer but no weights"),
                  std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace infinipot
