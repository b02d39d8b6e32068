#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/model.h"

struct llama_model;
struct llama_vocab;

namespace infinipot {

/// Tokens and their texts, through libllama. Immutable; any thread may use it.
class Vocabulary {
   public:
    /// Loads the tokenizer alone from a GGUF file that has been checked already.
    /// @throws Error(bad_model) with libllama's own words if it cannot make a tokenizer of it.
    explicit Vocabulary(const std::filesystem::path& gguf);
    ~Vocabulary();
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;

    /// Text that continues other text: control words in it stay text, and no space is put before
    /// it.
    std::vector<Token> tokenize(std::string_view text) const;

    /// Text of our own in which control words stand for their tokens: the frame of a chat.
    std::vector<Token> tokenize_control(std::string_view text) const;

    /// What a stream begins with: the BOS token if the model wants one.
    std::vector<Token> stream_start() const;

    /// The word for the end of a text, such as "</s>"; empty if there is none.
    std::string end_of_text() const;

    std::string piece(Token token) const;
    bool ends_answer(Token token) const;
    int n_tokens() const;

    /// The chat template's source text; empty if the model has none.
    const std::string& chat_template() const { return chat_template_; }

    const llama_vocab* handle() const { return vocab_; }

   private:
    std::vector<Token> tokenize(std::string_view text, bool parse_control) const;

    struct Free {
        void operator()(llama_model* model) const;
    };
    std::unique_ptr<llama_model, Free> model_;
    const llama_vocab* vocab_ = nullptr;
    std::string chat_template_;
    std::vector<Token>
        newline_;  // of "\n" alone, with the space that some tokenizers put before it
};

}  // namespace infinipot
