// Products of a mixture of experts: each token with the matrices of the few experts that it uses,
// for packed weights (matmul.h).
//
// Pairs of token and expert are sorted by expert, so that a matrix is read once for all tokens that
// use it. Such a sorted pair is a *row* here. Intermediate results stay sorted:
//
//     groups = group_by_expert(ctx, chosen, n_expert);               // I32 [n_used, T]
//     x8 = gather_columns(ctx, quantize_rows(ctx, type, x), groups); // F32 [n_in, T] -> one a row
//     h = matmul_experts(ctx, type, packed, x8, groups, shape);      // F32 [n_ff, n_used * T]
//     y = matmul_experts(ctx, type, down, quantize_rows(ctx, type, h), groups, shape);
//     sum = sum_experts(ctx, y, weights, groups);                    // F32 [n_embd, T]
//
// Precision: as matmul(). A row of results depends only on its own row of X, bit for bit, neither
// on the batch nor on the number of threads.
//
// The operations are ggml custom operations: they run on the CPU back end only, on any number of
// threads. They allocate nothing and keep no state outside the graph.
#pragma once

#include <cstdint>

#include "tensor/kernels/matmul/matmul.h"

namespace infinipot::kernels {

/// The matrices of n experts, packed together as one of n * n_out rows.
struct ExpertShape {
    int64_t n_in;
    int64_t n_out;
    int64_t n;
};

/// Builds the order of the rows of `chosen`, I32 [n_used, T], experts from 0 to n_expert - 1.
/// Result: I32 [n], opaque.
ggml_tensor* group_by_expert(ggml_context* ctx, ggml_tensor* chosen, int64_t n_expert);

/// Builds the columns of x, [n, T] of any type, that the sorted rows use.
/// Result: of the same type [n, n_used * T].
ggml_tensor* gather_columns(ggml_context* ctx, ggml_tensor* x, ggml_tensor* groups);

/// Builds W_e X for each row, where e is its expert. packed: I8 [packed_bytes] of n * n_out rows;
/// x8: from quantize_rows(), one column for each row. Requires matmul_supported(type, n_in, n_out).
/// Result: F32 [n_out, n_used * T].
ggml_tensor* matmul_experts(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                            ggml_tensor* groups, const ExpertShape& shape);

/// Builds y + bias of each row's expert. y: F32 [n, n_used * T]; bias: F32 [n, n_expert].
ggml_tensor* add_expert_rows(ggml_context* ctx, ggml_tensor* y, ggml_tensor* bias,
                             ggml_tensor* groups);

/// Builds the sum over the experts of each token of weight * y, in the order of `chosen`.
/// y: F32 [n, n_used * T], sorted; weights: F32 [1, n_used, T], not sorted. Result: F32 [n, T].
ggml_tensor* sum_experts(ggml_context* ctx, ggml_tensor* y, ggml_tensor* weights,
                         ggml_tensor* groups);

}  // namespace infinipot::kernels
