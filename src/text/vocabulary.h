#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/model.h"
#include "text/chat_template.h"

struct llama_model;
struct llama_vocab;

namespace infinipot {

/// Tokenizer and token texts of a model, through libllama. Immutable; any thread may use it.
class Vocabulary {
   public:
    /// Loads the tokenizer alone from a GGUF file that has passed validate_tokenizer().
    /// @throws Error(bad_model) with libllama's message if libllama cannot load the tokenizer.
    explicit Vocabulary(const std::filesystem::path& gguf);
    ~Vocabulary();
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;

    /// Tokenises text that continues other text. Control words in it stay text, and no space is put
    /// before it.
    std::vector<Token> tokenize(std::string_view text) const;

    /// Tokenises text in which control words stand for their tokens: the frame of a chat.
    std::vector<Token> tokenize_control(std::string_view text) const;

    /// Tokenises a rendered prompt, without stream_start(). Control words stand for their tokens in
    /// parts that the template wrote, and are plain characters in what messages say. Between two
    /// control tokens the text is tokenised in one piece, whoever wrote it. A user-defined word of
    /// the vocabulary, such as "<think>" of Qwen 3, is a token wherever it stands. With
    /// `continues`, the prompt goes on in a text, and no space is put before it.
    std::vector<Token> tokenize_prompt(std::span<const PromptPart> parts,
                                       bool continues = false) const;

    /// Returns the tokens that a stream begins with: BOS if the model wants one, else none.
    std::vector<Token> stream_start() const;

    /// Returns what a chat template needs to know of the vocabulary.
    ChatTemplate::Vocabulary chat_words() const;

    /// Returns the text of one token. It may be part of a UTF-8 character.
    std::string piece(Token token) const;
    bool ends_answer(Token token) const;

    /// Returns all tokens that end an answer.
    std::span<const Token> ends_of_answer() const { return ends_of_answer_; }
    int n_tokens() const;

    /// A token with text that does not end an answer.
    struct SortedPiece {
        std::string text;
        Token token = 0;
        std::size_t n_common = 0;  ///< bytes that it shares with the piece before it
    };

    /// Returns the texts of tokens in the order of their bytes, so that those that begin alike
    /// stand together. Sorts them when they are first asked for; any thread may ask.
    std::span<const SortedPiece> sorted_pieces() const;

    /// Returns the chat template's source text; empty if the model has none.
    const std::string& chat_template() const { return chat_template_; }

    const llama_vocab* handle() const { return vocab_; }

   private:
    std::vector<Token> tokenize(std::string_view text, bool parse_control) const;
    void append_text(std::vector<Token>& tokens, std::string_view text, const ControlWord* before,
                     const ControlWord* after, bool continues) const;

    struct Free {
        void operator()(llama_model* model) const;
    };
    std::unique_ptr<llama_model, Free> model_;
    const llama_vocab* vocab_ = nullptr;
    std::string chat_template_;
    ControlWords control_words_;
    /// Tokens of "\n" alone, with the space that some tokenizers put before it.
    std::vector<Token> newline_;
    std::vector<Token> ends_of_answer_;
    mutable std::once_flag sorted_once_;
    mutable std::vector<SortedPiece> sorted_pieces_;
};

}  // namespace infinipot
