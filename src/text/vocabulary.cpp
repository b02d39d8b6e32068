#include "text/vocabulary.h"

#include <llama.h>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <limits>
#include <span>

#include "infinipot/error.h"
#include "text/llama_log.h"

namespace infinipot {

namespace {

ControlWords read_control_words(const llama_vocab* vocab) {
    constexpr int is_control = LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN;
    ControlWords words;
    for (Token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        const int attributes = llama_vocab_get_attr(vocab, token);
        if ((attributes & is_control) == 0) continue;
        words.add({.text = llama_vocab_get_text(vocab, token),
                   .token = token,
                   .strips_left = (attributes & LLAMA_TOKEN_ATTR_LSTRIP) != 0,
                   .strips_right = (attributes & LLAMA_TOKEN_ATTR_RSTRIP) != 0});
    }
    return words;
}

}  // namespace

void Vocabulary::Free::operator()(llama_model* model) const { llama_model_free(model); }

Vocabulary::Vocabulary(const std::filesystem::path& gguf) {
    capture_llama_log();
    take_llama_error();
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_.reset(llama_model_load_from_file(gguf.c_str(), params));
    if (!model_) {
        throw Error(ErrorCode::bad_model, "the tokenizer in " + gguf.string() +
                                              " cannot be loaded: " + take_llama_error());
    }
    vocab_ = llama_model_get_vocab(model_.get());
    if (llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_NONE) {
        throw Error(ErrorCode::bad_model, gguf.string() + " has no tokenizer");
    }
    if (const char* source = llama_model_chat_template(model_.get(), nullptr)) {
        chat_template_ = source;
    }
    control_words_ = read_control_words(vocab_);
    newline_ = tokenize("\n", false);
    for (Token token = 0; token < n_tokens(); ++token)
        if (ends_answer(token)) ends_of_answer_.push_back(token);
}

Vocabulary::~Vocabulary() = default;

std::vector<Token> Vocabulary::tokenize(std::string_view text, bool parse_control) const {
    assert(text.size() < static_cast<std::size_t>(std::numeric_limits<int>::max()));
    const auto length = static_cast<std::int32_t>(text.size());
    std::vector<Token> tokens(text.size() + 2);
    const auto capacity = static_cast<std::int32_t>(tokens.size());
    std::int32_t n =
        llama_tokenize(vocab_, text.data(), length, tokens.data(), capacity, false, parse_control);
    if (n < 0) {
        tokens.resize(static_cast<std::size_t>(-n));
        n = llama_tokenize(vocab_, text.data(), length, tokens.data(), -n, false, parse_control);
    }
    assert(n >= 0);
    tokens.resize(static_cast<std::size_t>(n));
    return tokens;
}

/// SentencePiece tokenizers put a space before every text. A newline in front takes that space and
/// never merges with the text, so the tokens of newline and space are cut off again. A tokenizer
/// that merges newlines adds no space and gets the text unchanged.
std::vector<Token> Vocabulary::tokenize(std::string_view text) const {
    if (text.empty()) return {};
    std::vector<Token> tokens = tokenize("\n" + std::string(text), false);
    if (tokens.size() < newline_.size() ||
        !std::ranges::equal(newline_, std::span(tokens).first(newline_.size()))) {
        return tokenize(text, false);
    }
    tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(newline_.size()));
    return tokens;
}

std::vector<Token> Vocabulary::tokenize_control(std::string_view text) const {
    return text.empty() ? std::vector<Token>{} : tokenize(text, true);
}

/// Appends the tokens of a text between two control words, of which a prompt's ends have none.
void Vocabulary::append_text(std::vector<Token>& tokens, std::string_view text,
                             const ControlWord* before, const ControlWord* after,
                             bool continues) const {
    const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    if (before && before->strips_right)
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (after && after->strips_left)
        while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    if (text.empty()) return;
    const std::vector<Token> more = continues && !before ? tokenize(text) : tokenize(text, false);
    tokens.insert(tokens.end(), more.begin(), more.end());
}

std::vector<Token> Vocabulary::tokenize_prompt(std::span<const PromptPart> parts,
                                               bool continues) const {
    std::vector<Token> tokens;
    std::string text;  // since the last control word
    const ControlWord* last = nullptr;
    for (const PromptPart& part : parts) {
        if (part.is_input) {
            text += part.text;
            continue;
        }
        for (std::size_t i = 0; i < part.text.size();) {
            const ControlWord* word = control_words_.find_at(part.text, i);
            if (!word) {
                text += part.text[i++];
                continue;
            }
            append_text(tokens, text, last, word, continues);
            tokens.push_back(word->token);
            text.clear();
            i += word->text.size();
            last = word;
        }
    }
    append_text(tokens, text, last, nullptr, continues);
    return tokens;
}

std::vector<Token> Vocabulary::stream_start() const {
    if (!llama_vocab_get_add_bos(vocab_)) return {};
    return {llama_vocab_bos(vocab_)};
}

ChatTemplate::Vocabulary Vocabulary::chat_words() const {
    const auto text = [&](Token token) {
        return token == LLAMA_TOKEN_NULL ? "" : llama_vocab_get_text(vocab_, token);
    };
    return {.begin_of_text = text(llama_vocab_bos(vocab_)),
            .end_of_text = text(llama_vocab_eos(vocab_)),
            .adds_begin = llama_vocab_get_add_bos(vocab_),
            .adds_end = llama_vocab_get_add_eos(vocab_),
            .control_words = control_words_};
}

std::string Vocabulary::piece(Token token) const {
    std::string text(64, '\0');
    int n =
        llama_token_to_piece(vocab_, token, text.data(), static_cast<int>(text.size()), 0, false);
    if (n < 0) {
        text.resize(static_cast<std::size_t>(-n));
        n = llama_token_to_piece(vocab_, token, text.data(), -n, 0, false);
    }
    text.resize(static_cast<std::size_t>(std::max(n, 0)));
    return text;
}

bool Vocabulary::ends_answer(Token token) const { return llama_vocab_is_eog(vocab_, token); }

std::span<const Vocabulary::SortedPiece> Vocabulary::sorted_pieces() const {
    std::call_once(sorted_once_, [this] {
        for (Token token = 0; token < n_tokens(); ++token) {
            std::string text = piece(token);
            if (text.empty() || ends_answer(token)) continue;
            sorted_pieces_.push_back({.text = std::move(text), .token = token});
        }
        std::ranges::sort(sorted_pieces_, {}, &SortedPiece::text);
        for (std::size_t i = 1; i < sorted_pieces_.size(); ++i) {
            const std::string& before = sorted_pieces_[i - 1].text;
            const auto end = std::ranges::mismatch(before, sorted_pieces_[i].text).in1;
            sorted_pieces_[i].n_common = static_cast<std::size_t>(end - before.begin());
        }
    });
    return sorted_pieces_;
}

int Vocabulary::n_tokens() const { return llama_vocab_n_tokens(vocab_); }

}  // namespace infinipot
