#pragma once

#include "gguf/metadata.h"

namespace infinipot {

/// Requires that RoPE on several interleaved axes, `rope.dimension_sections`, turns a text as RoPE
/// on one axis does: pair i of a head belongs to axis i mod 3, and the axes have the same
/// positions. Source: Qwen Team 2025, arXiv 2511.21631, section 2.1.
/// @throws Error(unsupported_model) if a pair belongs to none of the three axes.
void require_equal_axes(const GgufMetadata& metadata, int n_rot);

}  // namespace infinipot
