// What attend_single_query() asks of its kernels.
#pragma once

#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/attention/single_query.h"

namespace infinipot::kernels {

constexpr int query_lanes = 8;  ///< query heads that are computed together

using SingleQueryKernel = void (*)(const SingleQuery& query);

/// The kernel for Cpu::x8 and such entries, or nullptr where the compiler has no such instructions.
/// Whether the CPU has them is for the caller to ask.
SingleQueryKernel single_query_x8(EntryType type);

}  // namespace infinipot::kernels
