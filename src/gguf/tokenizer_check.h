#pragma once

#include "gguf/file.h"

namespace infinipot {

/// Checks the tokenizer of a model file before libllama loads it: libllama takes much of what it
/// reads on trust and aborts the program, or throws without saying why, where this gives a
/// sentence. Afterwards libllama can load the file with `vocab_only` and tokenise any text with it.
/// @throws Error(bad_model) if something is missing, of the wrong type or out of range,
///         Error(unsupported_model) for a kind of tokenizer that is not implemented.
void validate_tokenizer(const GgufFile& file);

}  // namespace infinipot
