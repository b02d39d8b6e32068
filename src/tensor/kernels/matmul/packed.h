// A packed matrix, a panel of rows at a time: for the operations of matmul.h and matmul_experts.h.
#pragma once

#include <ggml.h>

#include <cstdint>

#include "tensor/kernels/matmul/layout.h"

namespace infinipot::kernels {

inline int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// W, as pack() writes it.
struct PackedMatrix {
    const void* data;
    int64_t n_blocks;  ///< of a row
    int64_t n_out;     ///< rows
};

/// Columns of X, and where the same columns of Y go.
struct Columns {
    const void* x;     ///< quantised, one behind another
    int64_t n;         ///< 1 to most_columns
    float* y;          ///< first row of the panel in the first column
    int64_t y_stride;  ///< floats from one column of Y to the next
};

/// Returns the kernel of this CPU for weights of `type`, or nullptr.
const MatmulKernel* matmul_kernel(ggml_type type);

/// Multiplies the panel of W from `row` on, a multiple of 16. It has 32 rows, or 16 if n_rows, the
/// number of rows that are left, is smaller.
void multiply_panel(const MatmulKernel& kernel, const PackedMatrix& w, int64_t row, int64_t n_rows,
                    const Columns& columns);

}  // namespace infinipot::kernels
