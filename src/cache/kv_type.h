#pragma once

#include <ggml.h>

#include "infinipot/kv_type.h"

namespace infinipot {

ggml_type ggml_type_of(KvType type);

}  // namespace infinipot
