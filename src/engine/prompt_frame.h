#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "infinipot/options.h"
#include "model/model_impl.h"

namespace infinipot {

/// The tokens around a text and its questions.
struct PromptFrame {
    bool is_chat = false;               ///< text and question are one turn of the chat template
    std::string separator = {};         ///< between text and question of one turn
    std::vector<Token> opening = {};    ///< begin the stream: BOS and the turn's opening
    std::vector<Token> closing = {};    ///< follow a question
    std::vector<Token> reopening = {};  ///< between an answer and the next user's words
};

/// Returns the frame that the model's chat template gives, or none with Framing::raw. Its opening
/// says `system_prompt`, unless that is empty. Any thread may call it.
/// @throws Error(invalid_argument) if there is a system prompt and no chat template that writes it.
PromptFrame prompt_frame(const Model::Impl& model, Framing framing, std::string separator,
                         const std::string& system_prompt = {});

/// Returns the tokens of a question: [separator and question, closing, answer_prefix]. The
/// separator is left out unless the question follows a text. Any thread may call it.
std::vector<Token> frame_question(const Model::Impl& model, const PromptFrame& frame,
                                  std::string_view question, bool after_text,
                                  std::string_view answer_prefix = {});

}  // namespace infinipot
