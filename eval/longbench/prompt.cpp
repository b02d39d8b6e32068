#include "eval/longbench/prompt.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

/// Returns the characters of some tokens, as decode() of Python's tokenizers does.
std::string decode(const Model& model, std::span<const Token> tokens) {
    std::string text;
    for (const Token token : tokens) text += model.piece(token);
    return replace_ill_formed_utf8(text);
}

int n_begin(const Model& model) { return model.info().begins_with_bos ? 1 : 0; }

}  // namespace

Prompt fill_template(std::string_view prompt_template, std::string_view context,
                     std::string_view input) {
    std::string filled;
    std::optional<std::size_t> end_of_context;
    for (std::size_t at = 0;;) {
        const std::size_t brace = prompt_template.find('{', at);
        filled += prompt_template.substr(at, brace - at);
        if (brace == std::string_view::npos) break;
        const std::size_t end = prompt_template.find('}', brace);
        if (end == std::string_view::npos) refuse("the template has a { without a }");
        const std::string_view placeholder = prompt_template.substr(brace + 1, end - brace - 1);
        if (placeholder != "context" && placeholder != "input") {
            refuse("the template has {" + std::string(placeholder) +
                   "}, and may have {context} and {input}");
        }
        filled += placeholder == "context" ? context : input;
        if (placeholder == "context") end_of_context = filled.size();
        at = end + 1;
    }
    if (!end_of_context) refuse("the template has no {context}");
    return {filled.substr(0, *end_of_context), filled.substr(*end_of_context)};
}

int n_prompt_tokens(const Model& model, const Prompt& prompt) {
    return n_begin(model) + static_cast<int>(model.tokenize(prompt.text + prompt.question).size());
}

Prompt cut_middle(const Model& model, const Prompt& prompt, int max_length) {
    const std::vector<Token> tokens = model.tokenize(prompt.text + prompt.question);
    if (static_cast<int>(tokens.size()) + n_begin(model) <= max_length) return prompt;
    const auto half = static_cast<std::size_t>(max_length / 2);
    const auto n_first = half - std::min(half, static_cast<std::size_t>(n_begin(model)));
    const std::string first = decode(model, std::span(tokens).first(n_first));
    const std::string last = decode(model, std::span(tokens).last(half));
    const std::string both = first + last;
    const std::size_t n_text =
        std::max(std::min(first.size(), prompt.text.size()),
                 both.size() - std::min(both.size(), prompt.question.size()));
    return {both.substr(0, n_text), both.substr(n_text)};
}

Prompt shorten_question(const Model& model, const Prompt& prompt, int most_tokens) {
    const std::vector<Token> tokens = model.tokenize(prompt.question);
    const auto most = static_cast<std::size_t>(most_tokens);
    if (tokens.size() <= most) return prompt;
    const auto moved = std::span(tokens).first(tokens.size() - most);
    std::size_t n_bytes = 0;
    for (const Token token : moved) n_bytes += model.piece(token).size();
    while (n_bytes < prompt.question.size() &&
           utf8_complete_prefix(std::string_view(prompt.question).substr(0, n_bytes)) != n_bytes) {
        ++n_bytes;
    }
    if (n_bytes >= prompt.question.size()) return prompt;
    return {prompt.text + prompt.question.substr(0, n_bytes), prompt.question.substr(n_bytes)};
}

}  // namespace infinipot::eval
