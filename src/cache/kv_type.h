#pragma once

#include <ggml.h>

#include "infinipot/kv_type.h"

namespace infinipot {

/// Returns the number format in which ggml stores rows of this type.
ggml_type ggml_type_of(KvType type);

}  // namespace infinipot
