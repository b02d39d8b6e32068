#include "engine/prompt_frame.h"

#include <utility>

#include "infinipot/error.h"
#include "text/next_prompt.h"

namespace infinipot {

namespace {

void append(std::vector<Token>& tokens, const std::vector<Token>& more) {
    tokens.insert(tokens.end(), more.begin(), more.end());
}

std::vector<Token> opening(const Model::Impl& model, const std::string& system_prompt) {
    if (system_prompt.empty()) return model.vocabulary.tokenize_control(model.frame->opening);
    return model.vocabulary.tokenize_prompt(opening_prompt(*model.chat_template, system_prompt));
}

}  // namespace

PromptFrame prompt_frame(const Model::Impl& model, Framing framing, std::string separator,
                         const std::string& system_prompt) {
    PromptFrame frame;
    frame.is_chat = framing == Framing::chat && model.frame.has_value();
    frame.separator = std::move(separator);
    frame.opening = model.vocabulary.stream_start();
    if (!frame.is_chat && !system_prompt.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "a system prompt wants the model's chat template, which is not used here");
    }
    if (!frame.is_chat) return frame;
    append(frame.opening, opening(model, system_prompt));
    frame.closing = model.vocabulary.tokenize_control(model.frame->closing);
    if (model.conversation)
        frame.reopening = model.vocabulary.tokenize_control(model.conversation->reopening);
    return frame;
}

std::vector<Token> frame_question(const Model::Impl& model, const PromptFrame& frame,
                                  std::string_view question, bool after_text,
                                  std::string_view answer_prefix) {
    std::string words = after_text && frame.is_chat ? frame.separator : "";
    words += question;
    if (!frame.is_chat) return model.vocabulary.tokenize(words += answer_prefix);
    std::vector<Token> tokens = model.vocabulary.tokenize(words);
    append(tokens, frame.closing);
    append(tokens, model.vocabulary.tokenize(answer_prefix));
    return tokens;
}

}  // namespace infinipot
