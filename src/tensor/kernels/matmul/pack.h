// Packs weights of ggml's formats into the layout of layout.h.
#pragma once

#include <ggml.h>

#include <cstdint>

namespace infinipot::kernels {

/// Packs `n_groups` groups of 16 consecutive rows of `n_blocks` blocks each, for a kernel of that
/// `lane`. `type` must have a kernel. quants and scales: of the first group.
void pack_groups(ggml_type type, int lane, const void* rows, int64_t n_groups, int64_t n_blocks,
                 uint8_t* quants, uint8_t* scales);

}  // namespace infinipot::kernels
