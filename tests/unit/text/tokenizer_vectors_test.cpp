#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "gguf/file.h"
#include "gguf/tokenizer_check.h"
#include "support/gguf_writer.h"
#include "text/vocabulary.h"

// llama.cpp's own test vectors: texts in ggml-vocab-NAME.gguf.inp and their tokens, a line each, in
// .out.

namespace infinipot {
namespace {

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::vector<std::string> texts(const std::string& path) {
    const std::string separator = "\n__ggml_vocab_test__\n";
    const std::string all = contents(path);
    std::vector<std::string> result;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find(separator, at), all.size());
        result.push_back(all.substr(at, end - at));
        at = end + separator.size();
    }
    return result;
}

std::vector<std::vector<Token>> token_lines(const std::string& path) {
    std::vector<std::vector<Token>> result;
    std::istringstream lines(contents(path));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream numbers(line);
        result.emplace_back();
        for (Token token = 0; numbers >> token;) result.back().push_back(token);
    }
    return result;
}

class TokenizerVectors : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerVectors, Our_tokens_equal_the_vectors_of_llama_cpp) {
    const std::string path = vocabulary_path(GetParam()).string();
    const GgufFile file = GgufFile::open(path);
    ASSERT_NO_THROW(validate_tokenizer(file));
    const Vocabulary vocabulary(path);
    const auto inputs = texts(path + ".inp");
    const auto expected = token_lines(path + ".out");
    ASSERT_EQ(inputs.size(), expected.size());
    ASSERT_GT(inputs.size(), 40u);
    // The vectors are of texts that stand alone, before which SentencePiece puts a space; ours go
    // on from what came before, so it has to be there.
    const bool spaced = file.get_string("tokenizer.ggml.model") == "llama";
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::string text = (spaced && !inputs[i].empty() ? " " : "") + inputs[i];
        EXPECT_EQ(vocabulary.tokenize(text), expected[i]) << "text " << i << ": " << inputs[i];
    }
}

INSTANTIATE_TEST_SUITE_P(LlamaCpp, TokenizerVectors,
                         testing::Values("llama-spm", "phi-3", "llama-bpe", "qwen2", "gpt-2",
                                         "deepseek-llm", "starcoder"),
                         [](const auto& test_case) {
                             std::string name = test_case.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace infinipot
