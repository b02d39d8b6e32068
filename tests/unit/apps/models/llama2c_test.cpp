#include "models/pull/llama2c.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "gguf/file.h"
#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::models {
namespace {

constexpr std::int32_t n_embd = 8, n_ff = 16, n_layer = 2, n_head = 2, n_kv = 1, n_ctx = 4;
constexpr std::int32_t n_vocab = 300;

template <typename T>
void append(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// A checkpoint whose numbers are 0, 1, 2 and so on, with its vocabulary.
std::string checkpoint() {
    std::string bytes;
    for (const std::int32_t size : {n_embd, n_ff, n_layer, n_head, n_kv, n_vocab, n_ctx})
        append(bytes, size);
    const int per_layer = 2 * n_embd + 2 * n_embd * n_embd + 2 * n_embd * 4 + 3 * n_embd * n_ff;
    const int n = n_vocab * n_embd + n_layer * per_layer + n_embd;
    for (int i = 0; i < n + n_ctx * 4; ++i) append(bytes, static_cast<float>(i));
    append(bytes, std::int32_t{7});
    for (int id = 0; id < n_vocab; ++id) {
        const std::string token = id == 299 ? " of a" : "x" + std::to_string(id);
        append(bytes, static_cast<float>(-id));
        append(bytes, static_cast<std::int32_t>(token.size()));
        bytes += token;
    }
    return bytes;
}

float first_number(const GgufFile& file, const char* tensor) {
    float value = 0;
    std::memcpy(&value, file.get_tensor(tensor).data, sizeof(value));
    return value;
}

TEST(Llama2c, Becomes_a_GGUF_file_with_the_same_tensors) {
    const TempDir folder;
    convert_llama2c(folder.write("a.bin", checkpoint()), folder / "a.gguf");
    const GgufFile file = GgufFile::open(folder / "a.gguf");
    EXPECT_EQ(file.get_string("general.architecture"), "llama");
    EXPECT_EQ(file.get_integer("llama.attention.head_count_kv", 0, 99), n_kv);
    EXPECT_EQ(file.get_integer("llama.context_length", 0, 99), n_ctx);
    EXPECT_EQ(file.tensors().size(), 2U + 9 * n_layer);
    EXPECT_EQ(first_number(file, "token_embd.weight"), 0);
    EXPECT_EQ(first_number(file, "blk.0.attn_norm.weight"), n_vocab * n_embd);
    EXPECT_EQ(first_number(file, "blk.1.attn_norm.weight"), n_vocab * n_embd + n_embd);
    EXPECT_EQ(file.get_tensor("blk.1.ffn_down.weight").ne[0], n_ff);
    EXPECT_EQ(file.get_tensor("blk.1.attn_k.weight").ne[1], 4);
}

TEST(Llama2c, Spells_tokens_as_GGUF_does) {
    const TempDir folder;
    convert_llama2c(folder.write("a.bin", checkpoint()), folder / "a.gguf");
    const GgufFile file = GgufFile::open(folder / "a.gguf");
    const auto tokens = file.find_strings("tokenizer.ggml.tokens").value();
    ASSERT_EQ(tokens.size(), 300U);
    EXPECT_EQ(tokens[1], "<s>");
    EXPECT_EQ(tokens[3], "<0x00>");
    EXPECT_EQ(tokens[258], "<0xFF>");
    EXPECT_EQ(tokens[259], "x259");
    EXPECT_EQ(tokens[299],
              "\xE2\x96\x81of\xE2\x96\x81"
              "a");
}

TEST(Llama2c, Refuses_files_that_are_cut_or_something_else) {
    const TempDir folder;
    const std::string whole = checkpoint();
    for (const std::size_t n : {std::size_t{10}, std::size_t{500}, whole.size() - 1})
        EXPECT_THROW(convert_llama2c(folder.write("a.bin", whole.substr(0, n)), folder / "a.gguf"),
                     Error);
    EXPECT_THROW(convert_llama2c(folder.write("a.bin", std::string(5000, 'x')), folder / "a.gguf"),
                 Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "a.gguf"));
}

}  // namespace
}  // namespace infinipot::models
