#pragma once

#include "cache/key_centres.h"
#include "engine/plan.h"
#include "model/model_impl.h"
#include "tensor/backend.h"

namespace infinipot {

/// Returns the centres that a session's KV cache subtracts from keys: those of layers with a key
/// bias, if the cache is of a quantised type.
/// @throws Error(out_of_memory)
KeyCentres key_centres_of(const Plan& plan, const Model::Impl& model, const CacheShape& shape,
                          Backend& backend);

}  // namespace infinipot
