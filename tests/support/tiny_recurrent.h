#pragma once

#include <string>

#include "support/gguf_writer.h"
#include "support/random.h"
#include "support/tiny_model.h"

/// The recurrent layers of a TinyModel.
namespace infinipot {

bool has_delta_nets(const TinyModel& model);
bool is_hybrid(const TinyModel& model);

bool attends(const TinyModel& model, int il);
bool recurs(const TinyModel& model, int il);

/// Sets the keys with sizes, and those that say which layers are recurrent.
void add_recurrent_keys(const TinyModel& model, GgufWriter& file);

/// Adds the tensors of one layer, whose names begin with `block`.
void add_recurrent_layer(const TinyModel& model, const std::string& block, Random& random,
                         GgufWriter& file);

}  // namespace infinipot
