#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "infinipot/model.h"

namespace infinipot::eval {

/// A prompt, cut behind its context. Text and question together are the whole prompt, unchanged.
struct Prompt {
    std::string text;      ///< everything up to the end of the context; the session reads it
    std::string question;  ///< everything behind the context; the session answers it
};

/// Fills in a template as Python's template.format(context=..., input=...) does.
/// @throws Error(invalid_argument) for a template with another placeholder, or without a context
Prompt fill_template(std::string_view prompt_template, std::string_view context,
                     std::string_view input);

/// Returns the tokens of the whole prompt, including the one at the beginning of every stream
/// (BOS).
int n_prompt_tokens(const Model& model, const Prompt& prompt);

/// Shortens a prompt of more than `max_length` tokens as LongBench does: joins its first and its
/// last `max_length` / 2 tokens. The token at the beginning of every stream (BOS) counts as one of
/// the first. A character that is cut becomes U+FFFD.
///
/// One deviation: where SentencePiece begins the second half with a blank, Python's decode() drops
/// it, and we keep it.
Prompt cut_middle(const Model& model, const Prompt& prompt, int max_length);

/// Returns the prompt with at most `most_tokens` tokens in its question. The tokens before them
/// become part of the text.
Prompt shorten_question(const Model& model, const Prompt& prompt, int most_tokens);

}  // namespace infinipot::eval
