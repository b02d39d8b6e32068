#pragma once

#include "gguf/file.h"

namespace infinipot {

/// Checks the tokenizer of a model file before libllama loads it. libllama trusts much of what it
/// reads: it aborts the program or throws without a reason. This function throws a sentence
/// instead. Afterwards libllama can load the file with `vocab_only` and tokenise any text.
/// @throws Error(bad_model) if a value is missing, of the wrong type or out of range.
/// @throws Error(unsupported_model) if this kind of tokenizer is not implemented.
void validate_tokenizer(const GgufFile& file);

}  // namespace infinipot
