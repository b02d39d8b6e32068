// The models of other tests: libllama must read them, and they must not be degenerate.

#include "support/tiny_model.h"

#include <gtest/gtest.h>
#include <llama.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gguf/tokenizer_check.h"
#include "support/quiet_llama.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

/// The model as libllama runs it.
class Reference {
   public:
    explicit Reference(const std::filesystem::path& path) {
        model_.reset(llama_model_load_from_file(path.c_str(), llama_model_default_params()));
        if (!model_) return;
        llama_context_params params = llama_context_default_params();
        params.n_ctx = 128;
        params.n_threads = params.n_threads_batch = 1;
        context_.reset(llama_init_from_model(model_.get(), params));
    }
    bool loaded() const { return context_ != nullptr; }
    const llama_vocab* vocab() const { return llama_model_get_vocab(model_.get()); }

    std::vector<llama_token> tokenize(const std::string& text) const {
        std::vector<llama_token> tokens(text.size() + 8);
        const int n = llama_tokenize(vocab(), text.c_str(), static_cast<int>(text.size()),
                                     tokens.data(), static_cast<int>(tokens.size()), true, false);
        tokens.resize(static_cast<std::size_t>(n));
        return tokens;
    }

    /// Returns the logits of the last token.
    std::vector<float> logits(std::vector<llama_token> tokens) {
        llama_memory_clear(llama_get_memory(context_.get()), true);
        const auto batch = llama_batch_get_one(tokens.data(), static_cast<int>(tokens.size()));
        if (llama_decode(context_.get(), batch) != 0) return {};
        const float* const values = llama_get_logits_ith(context_.get(), -1);
        return {values, values + llama_vocab_n_tokens(vocab())};
    }

   private:
    QuietLlama quiet_;
    std::unique_ptr<llama_model, decltype(&llama_model_free)> model_{nullptr, llama_model_free};
    std::unique_ptr<llama_context, decltype(&llama_free)> context_{nullptr, llama_free};
};

double deviation(const std::vector<float>& values) {
    double sum = 0;
    double sum_of_squares = 0;
    for (const float value : values) {
        sum += value;
        sum_of_squares += double{value} * value;
    }
    const auto n = static_cast<double>(values.size());
    return std::sqrt(sum_of_squares / n - sum / n * (sum / n));
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
    double sum_of_squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum_of_squares += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    }
    return std::sqrt(sum_of_squares / static_cast<double>(a.size()));
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

const std::string text = "The quick brown fox jumps over the lazy dog.";

struct Variant {
    const char* name;
    TinyModel model;
};

std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }

class TinyModels : public testing::TestWithParam<Variant> {};

TEST_P(TinyModels, Tiny_models_run_in_libllama_and_attend_to_the_first_words) {
    const TempDir folder;
    const auto path = write_tiny_model(GetParam().model, folder.path());
    EXPECT_NO_THROW(validate_tokenizer(GgufFile::open(path)));
    Reference reference(path);
    ASSERT_TRUE(reference.loaded());
    std::vector<llama_token> tokens = reference.tokenize(text);
    const std::vector<float> logits = reference.logits(tokens);
    EXPECT_NEAR(deviation(logits), 3.0, 1.0);
    // Another first word must be noticed, or there would be nothing that an eviction could harm.
    tokens[2] = tokens[2] == 300 ? 301 : 300;
    EXPECT_GT(distance(logits, reference.logits(tokens)), 0.03);
}

INSTANTIATE_TEST_SUITE_P(
    All, TinyModels,
    testing::Values(
        Variant{"plain", {}}, Variant{"tied", {.tied = true}},
        Variant{"rope_freqs", {.rope_freqs = true}}, Variant{"qkv_bias", {.qkv_bias = true}},
        Variant{"f16", {.type = GGML_TYPE_F16}}, Variant{"q8_0", {.type = GGML_TYPE_Q8_0}},
        Variant{"q4_0", {.type = GGML_TYPE_Q4_0}},
        Variant{"linear", {.rope_scaling = TinyModel::RopeScaling{}}},
        Variant{"yarn", {.rope_scaling = TinyModel::RopeScaling{.type = "yarn"}}},
        Variant{"wide_heads", {.n_embd = 128, .n_head = 6, .n_head_kv = 3, .n_embd_head = 64}},
        Variant{"qwen2", {.architecture = "qwen2", .qkv_bias = true}},
        Variant{"whole_vocabulary", {.n_vocab = 32000}}),
    [](const auto& test) { return test.param.name; });

TEST(TinyModel, Equal_settings_give_equal_files) {
    const TempDir folder;
    const std::string first = bytes_of(write_tiny_model({}, folder.path(), "a.gguf"));
    EXPECT_EQ(first, bytes_of(write_tiny_model({}, folder.path(), "b.gguf")));
    EXPECT_NE(first, bytes_of(write_tiny_model({.seed = 2}, folder.path(), "c.gguf")));
}

TEST(TinyModel, Small_vocabularies_reproduce_every_text) {
    const TempDir folder;
    const Reference reference(write_tiny_model({.n_vocab = 360}, folder.path()));
    ASSERT_TRUE(reference.loaded());
    std::string result;
    const std::string original = "Grüße, 世界! 12+3 = 15\n";
    for (const llama_token token : reference.tokenize(original)) {
        char piece[32];
        const int n =
            llama_token_to_piece(reference.vocab(), token, piece, sizeof(piece), 0, false);
        result.append(piece, static_cast<std::size_t>(n));
    }
    EXPECT_EQ(result, " " + original);
}

TEST(TinyModel, Carries_a_chat_template) {
    const TempDir folder;
    const auto path = write_tiny_model({.chat_template = "{{ messages }}"}, folder.path());
    EXPECT_EQ(GgufFile::open(path).get_string("tokenizer.chat_template"), "{{ messages }}");
}

}  // namespace
}  // namespace infinipot
