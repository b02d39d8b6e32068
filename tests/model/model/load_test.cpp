#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include "gguf/file.h"
#include "infinipot/infinipot.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"
#include "tensor/kernels/matmul/matmul.h"

// Files that are valid GGUF and yet cannot be run: a sentence, never an abort.

namespace infinipot {
namespace {

const TinyModel tiny{
    .n_layer = 1, .n_embd = 32, .n_head = 2, .n_head_kv = 1, .n_ff = 64, .n_vocab = 400};

std::string bytes_of(const std::filesystem::path& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
}

class LoadTest : public testing::Test {
   protected:
    LoadTest() : path_(write_tiny_model(tiny, folder_.path())), bytes_(bytes_of(path_)) {}

    /// Returns the error of loading these bytes and reading a few tokens; empty if there is none.
    std::string complaint(const std::string& bytes) const {
        try {
            const Model model = Model::load(folder_.write("changed.gguf", bytes));
            SessionOptions options;
            options.budget = {.capacity = 64, .retain = 20, .reserve = 8, .beyond_window = true};
            options.catalyst = "a b";
            options.n_threads = 1;
            Session session(model, options);
            session.ingest("the old man came home and all was still, not far from the sea.");
            session.ask("who?", {.max_tokens = 2}).text();
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    }

    /// The bytes with `n` at `offset`.
    std::string with_number(std::size_t offset, std::uint32_t n) const {
        std::string changed = bytes_;
        std::memcpy(changed.data() + offset, &n, sizeof n);
        return changed;
    }

    /// Returns the place of a key's value, or of the bytes behind a tensor's name.
    std::size_t behind(std::string_view name) const { return bytes_.find(name) + name.size(); }

    TempDir folder_;
    std::filesystem::path path_;
    std::string bytes_;
};

TEST_F(LoadTest, The_unchanged_file_loads) { EXPECT_EQ(complaint(bytes_), ""); }

TEST_F(LoadTest, A_model_without_a_template_has_no_frame_and_no_error) {
    const ModelInfo info = Model::load(path_).info();
    EXPECT_FALSE(info.has_chat_template);
    EXPECT_EQ(info.chat_template_error, "");
}

TEST_F(LoadTest, A_template_without_use_costs_the_frame_but_not_the_model) {
    for (const auto& [source, reason] :
         {std::pair{"{% if %}", "cannot be parsed: "},
          {"{{ 1 }}", "does not write a user's message"},
          {"{{ raise_exception('never') }}", "never"},
          {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recurses more than 250 levels deep"},
          {"{{ range(1000000000000) }}", "more than 64 MiB"}}) {
        TinyModel model = tiny;
        model.chat_template = source;
        const ModelInfo info =
            Model::load(write_tiny_model(model, folder_.path(), "t.gguf")).info();
        EXPECT_FALSE(info.has_chat_template) << source;
        EXPECT_NE(info.chat_template_error.find(reason), std::string::npos)
            << source << " gave: " << info.chat_template_error;
    }
}

TEST_F(LoadTest, A_template_that_frames_a_turn_is_used) {
    TinyModel model = tiny;
    model.chat_template = "<s>{{ messages[0]['content'] }}</s>";
    const ModelInfo info = Model::load(write_tiny_model(model, folder_.path(), "t.gguf")).info();
    EXPECT_TRUE(info.has_chat_template);
    EXPECT_EQ(info.chat_template_error, "");
}

TEST_F(LoadTest, The_count_of_weights_includes_all_that_a_token_is_multiplied_with) {
    const std::uint64_t layer = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64, head = 32 * 400;
    TinyModel shape = tiny;
    for (const bool tied : {false, true}) {  // the embedding is looked up in, or is the head
        shape.tied = tied;
        const ModelInfo info = Model::load(write_tiny_model(shape, folder_.path())).info();
        EXPECT_EQ(info.n_matrix_weights, layer + head);
        EXPECT_EQ(info.matrix_bytes, (layer + head) * sizeof(float));
    }
}

TEST_F(LoadTest, The_count_of_weights_includes_only_the_experts_that_a_token_uses) {
    TinyModel model = tiny;
    model.n_expert = 8;
    model.n_expert_used = 3;
    const std::uint64_t attention = 2 * 32 * 32 + 2 * 32 * 16, router = 32 * 8, head = 32 * 400;
    const std::uint64_t expected = attention + router + 3 * (3 * 32 * 64) + head;
    const ModelInfo info = Model::load(write_tiny_model(model, folder_.path())).info();
    EXPECT_EQ(info.n_matrix_weights, expected);
    EXPECT_EQ(info.matrix_bytes, expected * sizeof(float));
}

TEST_F(LoadTest, Novelty_is_measured_against_a_multiple_of_32_tokens_or_all) {
    TinyModel packed = tiny;
    packed.type = GGML_TYPE_Q8_0;
    const std::filesystem::path path = write_tiny_model(packed, folder_.path(), "packed.gguf");
    const auto measured = [&path](int wanted) {
        return Model::load(path, {.novelty_vocab = wanted}).info().n_novelty_vocab;
    };
    if (!kernels::matmul_supported(GGML_TYPE_Q8_0, 32, 16)) GTEST_SKIP() << "no kernel";
    EXPECT_EQ(measured(0), 400);
    EXPECT_EQ(measured(1), 32);
    EXPECT_EQ(measured(33), 64);
    EXPECT_EQ(measured(399), 400);
    EXPECT_EQ(measured(std::numeric_limits<int>::max()), 400);
    EXPECT_THROW(measured(-1), Error);
    // Without our kernels, all logits are computed.
    EXPECT_EQ(Model::load(path_, {.novelty_vocab = 32}).info().n_novelty_vocab, 400);
}

TEST_F(LoadTest, Weights_of_a_type_without_a_matrix_product_are_refused) {
    const std::size_t type = behind("blk.0.attn_q.weight") + 4 + 2 * 8;  // n_dims, ne[2]
    EXPECT_NE(complaint(with_number(type, GGML_TYPE_I32)).find("attn_q"), std::string::npos);
    const std::size_t embedding = behind("token_embd.weight") + 4 + 2 * 8;
    EXPECT_NE(complaint(with_number(embedding, GGML_TYPE_I32)).find("token_embd"),
              std::string::npos);
    const std::size_t norm = behind("blk.0.attn_norm.weight") + 4 + 8;
    EXPECT_NE(complaint(with_number(norm, GGML_TYPE_I32)).find("F32 only"), std::string::npos);
}

TEST_F(LoadTest, An_unsupported_architecture_is_refused_with_a_list_of_the_supported) {
    std::string changed = bytes_;
    const std::size_t name = behind("general.architecture") + 4 + 8;  // type, length
    changed.replace(name, 5, "mamba");
    const std::string sentence = complaint(changed);
    EXPECT_NE(sentence.find("mamba"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("supported: llama"), std::string::npos) << sentence;
}

TEST_F(LoadTest, Wrong_counts_are_refused_with_the_tensor_or_key) {
    const auto with_key = [&](const char* key, std::uint32_t n) {
        return complaint(with_number(behind(key) + 4, n));
    };
    EXPECT_NE(with_key("llama.block_count", 2).find("blk.1"), std::string::npos);
    EXPECT_NE(with_key("llama.embedding_length", 64).find("token_embd"), std::string::npos);
    EXPECT_NE(with_key("llama.feed_forward_length", 65).find("ffn_gate"), std::string::npos);
    EXPECT_NE(with_key("llama.attention.head_count", 0).find("head_count"), std::string::npos);
    EXPECT_NE(with_key("llama.attention.head_count_kv", 3), "");
    EXPECT_NE(with_key("llama.block_count", 0xFFFFFFFF).find("block_count"), std::string::npos);
}

TEST_F(LoadTest, A_truncated_file_is_refused_wherever_it_ends) {
    for (std::size_t n = 0; n < bytes_.size(); n += 1 + bytes_.size() / 31) {
        EXPECT_NE(complaint(bytes_.substr(0, n)), "") << n << " bytes";
    }
}

TEST_F(LoadTest, No_number_in_the_header_can_abort) {
    const auto file = GgufFile::open(path_);
    const std::size_t tokens = bytes_.find("tokenizer.ggml.tokens");
    const std::size_t tensors =
        std::min(bytes_.find("token_embd.weight"), bytes_.find("output_norm.weight"));
    const std::size_t data = file.tensors().front().offset;
    std::size_t n_refused = 0;
    for (const std::uint32_t n : {1u, 0xFFFFFFFFu}) {
        for (std::size_t offset = 8; offset + 4 < data; offset += 4) {
            if (offset > tokens + 64 && offset + 64 < tensors)
                continue;  // texts and scores of tokens
            n_refused += complaint(with_number(offset, n)).empty() ? 0 : 1;
        }
    }
    EXPECT_GT(n_refused, 100u);
}

}  // namespace
}  // namespace infinipot
