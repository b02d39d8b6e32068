#pragma once

#include <vector>

#include "gguf/metadata.h"
#include "model/recurrent/shape.h"

namespace infinipot {

/// Returns whether each layer attends; the others are recurrent. A file says so with head counts of
/// 0, with a flag for each layer, or with the interval of attending layers. Its lists also have the
/// n_skipped layers behind the n_layer, which the result has not.
/// @throws Error(bad_model) if a list is not one value for each layer, or no layer attends.
std::vector<bool> read_attending(const GgufMetadata& metadata, Recurrence kind, int n_layer,
                                 int n_skipped);

/// Reads the sizes of the recurrent layers. n_embd: the model's.
/// @throws Error(bad_model) if a size is missing or impossible.
RecurrentShape read_recurrent_shape(const GgufMetadata& metadata, Recurrence kind, int n_embd);

}  // namespace infinipot
