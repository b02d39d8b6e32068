#pragma once

#include "base/hash.h"
#include "gguf/file.h"
#include "infinipot/model.h"

namespace infinipot {

/// Returns what tells models apart for a snapshot: the hash of all metadata (tokenizer and chat
/// template included), of every tensor's name, type and shape, of samples of its data, and of the
/// options that change what is computed. Samples are the first, the middle and the last KiB of each
/// tensor, so that a large file is not read whole.
Hash128 fingerprint(const GgufFile& file, const ModelOptions& options);

}  // namespace infinipot
