#include "engine/prompt_frame.h"

#include <utility>

namespace infinipot {

PromptFrame prompt_frame(const Model::Impl& model, Framing framing, std::string separator) {
    PromptFrame frame;
    frame.is_chat = framing == Framing::chat && model.frame.has_value();
    frame.separator = std::move(separator);
    frame.opening = model.vocabulary.stream_start();
    if (!frame.is_chat) return frame;
    const auto opening = model.vocabulary.tokenize_control(model.frame->opening);
    frame.opening.insert(frame.opening.end(), opening.begin(), opening.end());
    frame.closing = model.vocabulary.tokenize_control(model.frame->closing);
    return frame;
}

std::vector<Token> frame_question(const Model::Impl& model, const PromptFrame& frame,
                                  std::string_view question, bool after_text,
                                  std::string_view answer_prefix) {
    std::string words = after_text && frame.is_chat ? frame.separator : "";
    words += question;
    if (!frame.is_chat) return model.vocabulary.tokenize(words += answer_prefix);
    std::vector<Token> tokens = model.vocabulary.tokenize(words);
    tokens.insert(tokens.end(), frame.closing.begin(), frame.closing.end());
    const std::vector<Token> prefix = model.vocabulary.tokenize(answer_prefix);
    tokens.insert(tokens.end(), prefix.begin(), prefix.end());
    return tokens;
}

}  // namespace infinipot
