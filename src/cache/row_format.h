#pragma once

#include <ggml.h>

#include <cstddef>
#include <span>

/// How vectors lie in the pot. A row is one vector [n_embd_head] of one entry, rounded to the pot's
/// type. Types that share a scale among several numbers get it *spread*, transformed by
/// kernels::hadamard, so that no channel is much larger than the others; queries that meet spread
/// keys are spread as well, and what is attended of spread values is spread once more, which undoes
/// it.
namespace infinipot {

/// Whether rows of this type are spread.
inline bool spreads(ggml_type type) { return ggml_is_quantized(type); }

/// x, F32 [n_embd_head, ...], as it meets rows of this type: itself, or spread. Its own inverse.
ggml_tensor* spread_for(ggml_context* context, ggml_type type, ggml_tensor* x);

/// Writes rows into slots of `pot`, [n_embd_head, capacity, n_head_kv].
/// rows: F32, or F16 if the pot is too, [n_embd_head, n_head_kv, n]; slots: I32 [n].
ggml_tensor* store_rows(ggml_context* context, ggml_tensor* rows, ggml_tensor* pot,
                        ggml_tensor* slots);

/// What was stored, of a view of a pot: F16 as it lies there, otherwise F32, not spread.
ggml_tensor* load_rows(ggml_context* context, ggml_tensor* view);

/// The same for one row, without a graph. x: [n_embd_head].
void load_row(ggml_type type, const std::byte* row, std::span<float> x);
/// x is left spread if the type spreads.
void store_row(ggml_type type, std::span<float> x, std::byte* row);

}  // namespace infinipot
