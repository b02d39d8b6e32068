#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "infinipot/model.h"

namespace infinipot::eval {

/// A prompt as a session meets it, cut behind the context: nothing of it is changed by the cut.
struct Prompt {
    std::string text;      ///< read: all up to the end of the context
    std::string question;  ///< asked: what follows the context
};

/// Python's template.format(context=..., input=...), for templates without other placeholders.
/// @throws Error(invalid_argument) for a template with another placeholder, or without a context.
Prompt fill_template(std::string_view prompt_template, std::string_view context,
                     std::string_view input);

/// Tokens of the whole prompt, the one that a stream begins with included.
int n_prompt_tokens(const Model& model, const Prompt& prompt);

/// LongBench's way with a prompt of more than `max_length` tokens: the first half of so many tokens
/// and the last half, with nothing between them. The token that a stream begins with counts as one
/// of the first. A character that is cut becomes U+FFFD.
///
/// One deviation: where SentencePiece begins the second half with a blank, Python's decode() drops
/// it, and we keep it.
Prompt cut_middle(const Model& model, const Prompt& prompt, int max_length);

/// Leaves at most `most_tokens` in the question; what stands before them becomes part of the text.
Prompt shorten_question(const Model& model, const Prompt& prompt, int most_tokens);

}  // namespace infinipot::eval
