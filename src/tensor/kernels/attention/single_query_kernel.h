// Interface between attend_single_query() and its kernel.
#pragma once

#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/attention/single_query.h"

namespace infinipot::kernels {

constexpr int query_lanes = 8;  ///< query heads that are computed together

using SingleQueryKernel = void (*)(const SingleQuery& query);

/// Returns the kernel for Cpu::x8 and entries of this type, or nullptr if the compiler lacks the
/// instructions. The caller must check that the CPU has them.
SingleQueryKernel single_query_x8(EntryType type);

}  // namespace infinipot::kernels
