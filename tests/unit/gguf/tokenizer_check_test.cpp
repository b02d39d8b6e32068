#include "gguf/tokenizer_check.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/gguf_writer.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

/// A tokenizer that passes, and that a test changes before it writes it.
class Tokenizer {
   public:
    Tokenizer() : vocabulary(LlamaVocabulary::load(400)) { vocabulary.add_to(writer); }

    /// Rewrites the vocabulary after a change to it.
    Tokenizer& update() {
        vocabulary.add_to(writer);
        return *this;
    }

    GgufFile open() const {
        const TempDir folder;
        writer.write(folder / "test.gguf");
        return GgufFile::open(folder / "test.gguf");
    }

    LlamaVocabulary vocabulary;
    GgufWriter writer;
};

void expect_refused(const Tokenizer& tokenizer, ErrorCode code, std::string_view what) {
    const GgufFile file = tokenizer.open();
    try {
        validate_tokenizer(file);
        ADD_FAILURE() << "accepted, expected: " << what;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        EXPECT_NE(std::string_view(error.what()).find(what), std::string_view::npos)
            << error.what() << "\n  lacks: " << what;
    }
}
void expect_bad(const Tokenizer& tokenizer, std::string_view what) {
    expect_refused(tokenizer, ErrorCode::bad_model, what);
}

/// A byte-level tokenizer of `n` tokens.
Tokenizer byte_level(int n, const char* pre) {
    Tokenizer tokenizer;
    const std::vector<std::string> merges = {"a b"};
    const auto size = static_cast<std::size_t>(n);
    tokenizer.vocabulary.tokens.resize(size);
    tokenizer.vocabulary.scores.resize(size);
    tokenizer.vocabulary.types.assign(size, 1);
    tokenizer.update();
    tokenizer.writer.set("tokenizer.ggml.model", "gpt2");
    tokenizer.writer.set("tokenizer.ggml.pre", pre);
    tokenizer.writer.set("tokenizer.ggml.merges", merges);
    return tokenizer;
}

TEST(TokenizerCheck, Accepts_a_sound_tokenizer) {
    EXPECT_NO_THROW(validate_tokenizer(Tokenizer().open()));
    EXPECT_NO_THROW(validate_tokenizer(byte_level(20, "llama-bpe").open()));
}

TEST(TokenizerCheck, Requires_a_kind_and_tokens) {
    Tokenizer without_kind;
    without_kind.writer.remove("tokenizer.ggml.model");
    expect_bad(without_kind, "tokenizer.ggml.model is missing");
    Tokenizer without_tokens;
    without_tokens.writer.remove("tokenizer.ggml.tokens");
    expect_bad(without_tokens, "tokenizer.ggml.tokens is missing");
    Tokenizer empty;
    empty.writer.set("tokenizer.ggml.tokens", std::span<const std::string>());
    expect_bad(empty, "it has 0 tokens");
}

TEST(TokenizerCheck, Refuses_kinds_that_are_not_implemented) {
    for (const char* const kind : {"bert", "t5", "rwkv", "no_vocab", "gemma4", ""}) {
        Tokenizer tokenizer;
        tokenizer.writer.set("tokenizer.ggml.model", kind);
        expect_refused(tokenizer, ErrorCode::unsupported_model,
                       "of the kind \"" + std::string(kind) + "\"");
    }
    expect_refused(byte_level(20, "bloom"), ErrorCode::unsupported_model, "pre-tokenizer");
}

TEST(TokenizerCheck, Refuses_every_scalar_of_another_type) {
    const std::vector<std::string> strings = {"general.name", "tokenizer.ggml.pre",
                                              "tokenizer.chat_template"};
    for (const std::string& key : strings) {
        Tokenizer tokenizer;
        tokenizer.writer.set(key, 1);
        expect_bad(tokenizer, key + " must be a single string");
    }
    for (const char* const key : {"tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_space_prefix",
                                  "tokenizer.ggml.remove_extra_whitespaces"}) {
        Tokenizer tokenizer;
        tokenizer.writer.set(key, 1);
        expect_bad(tokenizer, std::string(key) + " must be a single bool");
    }
    for (const char* const key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.fim_pad_token_id",
                                  "general.file_type", "tokenizer.ggml.token_type_count"}) {
        Tokenizer tokenizer;
        tokenizer.writer.set(key, 1.0f);
        expect_bad(tokenizer, std::string(key) + " must be a single u32");
    }
}

TEST(TokenizerCheck, Refuses_arrays_of_another_type) {
    const std::vector<float> floats(400, 0.0f);
    for (const char* const key : {"tokenizer.ggml.tokens", "tokenizer.ggml.merges"}) {
        Tokenizer tokenizer;
        tokenizer.writer.set(key, std::span<const float>(floats));
        expect_bad(tokenizer, std::string(key) + " must be an array of string");
    }
    for (const char* const key : {"tokenizer.ggml.token_type", "tokenizer.ggml.suppress_tokens"}) {
        Tokenizer tokenizer;
        tokenizer.writer.set(key, std::span<const float>(floats));
        expect_bad(tokenizer, std::string(key) + " must be an array of i32");
    }
    Tokenizer tokenizer;
    tokenizer.writer.set("tokenizer.ggml.scores", std::span<const std::string>());
    expect_bad(tokenizer, "tokenizer.ggml.scores must be an array of f32");
}

TEST(TokenizerCheck, Refuses_arrays_that_are_too_short) {
    Tokenizer scores;
    scores.vocabulary.scores.pop_back();
    expect_bad(scores.update(), "tokenizer.ggml.scores has 399 elements for 400 tokens");
    Tokenizer types;
    types.vocabulary.types.pop_back();
    expect_bad(types.update(), "tokenizer.ggml.token_type has 399 elements for 400 tokens");
}

TEST(TokenizerCheck, Refuses_a_score_that_is_not_a_number) {
    Tokenizer tokenizer;
    tokenizer.vocabulary.scores[300] = std::numeric_limits<float>::quiet_NaN();
    expect_bad(tokenizer.update(), "the score of token 300 is not a number");
}

TEST(TokenizerCheck, Refuses_an_unknown_type_of_token) {
    for (const std::int32_t type : {-1, 7, 1 << 30}) {
        Tokenizer tokenizer;
        tokenizer.vocabulary.types[300] = type;
        expect_bad(tokenizer.update(), "token 300 has the unknown type " + std::to_string(type));
    }
}

TEST(TokenizerCheck, Refuses_duplicate_tokens) {
    Tokenizer tokenizer;
    tokenizer.vocabulary.tokens[301] = tokenizer.vocabulary.tokens[300];
    expect_bad(tokenizer.update(), "token 301");
}

TEST(TokenizerCheck, Compares_tokens_up_to_their_first_zero_byte_as_libllama_does) {
    Tokenizer tokenizer;
    tokenizer.vocabulary.tokens[301] = tokenizer.vocabulary.tokens[300] + "\x7F";
    const TempDir folder;
    tokenizer.update().writer.write(folder / "test.gguf");
    EXPECT_NO_THROW(validate_tokenizer(GgufFile::open(folder / "test.gguf")));
    std::fstream file(folder / "test.gguf", std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    file.seekp(static_cast<std::streamoff>(bytes.find('\x7F')));
    file.put('\0').flush();
    EXPECT_THROW(validate_tokenizer(GgufFile::open(folder / "test.gguf")), Error);
}

TEST(TokenizerCheck, Refuses_a_token_that_looks_like_the_name_of_an_empty_one) {
    Tokenizer tokenizer;
    tokenizer.vocabulary.tokens[300] = "";
    EXPECT_NO_THROW(validate_tokenizer(tokenizer.update().open()));
    tokenizer.vocabulary.tokens[301] = "[EMPTY_300]";
    expect_bad(tokenizer.update(), "occurs twice");
}

TEST(TokenizerCheck, Refuses_tokens_that_are_too_long) {
    Tokenizer tokenizer;
    tokenizer.vocabulary.tokens[300] = std::string(5000, 'x');
    expect_bad(tokenizer.update(), "token 300 is 5000 bytes long");
}

TEST(TokenizerCheck, Refuses_a_byte_token_that_is_not_spelt_as_one) {
    for (const char* const token : {"<0xG0>", "<0x", "", "0x0A", "<0x0A >"}) {
        Tokenizer tokenizer;
        tokenizer.vocabulary.tokens[13] = token;
        expect_bad(tokenizer.update(), "token 13");
    }
}

TEST(TokenizerCheck, Refuses_a_vocabulary_that_lacks_bytes) {
    Tokenizer tokenizer;
    tokenizer.vocabulary.tokens[13] = "ten";
    tokenizer.vocabulary.types[13] = 1;
    expect_refused(tokenizer.update(), ErrorCode::unsupported_model, "it has no token <0x0A>");
    tokenizer.vocabulary.tokens[13] = "\n";
    EXPECT_NO_THROW(validate_tokenizer(tokenizer.update().open()));
}

TEST(TokenizerCheck, Refuses_ids_of_tokens_that_do_not_exist) {
    for (const char* const key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                                  "tokenizer.ggml.eot_token_id"}) {
        Tokenizer tokenizer;
        tokenizer.writer.set(key, 400);
        expect_bad(tokenizer, std::string(key) + " is 400 but there are only 400 tokens");
    }
}

TEST(TokenizerCheck, Requires_the_tokens_that_the_tokenizer_adds) {
    Tokenizer tokenizer = byte_level(10, "llama-bpe");
    tokenizer.writer.set("tokenizer.ggml.add_eos_token", true);
    EXPECT_NO_THROW(validate_tokenizer(tokenizer.open()));
    tokenizer.writer.remove("tokenizer.ggml.eos_token_id");
    expect_bad(tokenizer, "tokenizer.ggml.eos_token_id is missing, the token that ends a text");
    tokenizer.writer.set("tokenizer.ggml.add_eos_token", false);
    tokenizer.writer.remove("tokenizer.ggml.bos_token_id");
    expect_bad(tokenizer, "tokenizer.ggml.bos_token_id is missing, the token that begins a text");
    tokenizer.writer.set("tokenizer.ggml.add_bos_token", false);
    EXPECT_NO_THROW(validate_tokenizer(tokenizer.open()));
}

TEST(TokenizerCheck, Requires_merges_for_byte_level_BPE) {
    Tokenizer tokenizer = byte_level(20, "llama-bpe");
    tokenizer.writer.remove("tokenizer.ggml.merges");
    expect_bad(tokenizer, "tokenizer.ggml.merges is missing");
}

}  // namespace
}  // namespace infinipot
