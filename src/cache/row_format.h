#pragma once

#include <ggml.h>

#include <cstddef>
#include <span>

/// Stores and loads rows of the cache. A row is one vector [n_embd_head] of one entry, rounded to
/// the cache's type. Types that share a scale among several numbers store the Hadamard transform of
/// a row (kernels::hadamard), in which no channel is much larger than the others. Queries that meet
/// transformed keys are transformed as well. The result of attention over transformed values is
/// transformed once more, which undoes it.
namespace infinipot {

/// Returns whether rows of this type are stored as their Hadamard transform.
inline bool uses_hadamard(ggml_type type) { return ggml_is_quantized(type); }

/// Returns x, F32 [n_embd_head, ...], as it meets rows of this type: itself, or its Hadamard
/// transform. The function is its own inverse.
ggml_tensor* hadamard_for(ggml_context* context, ggml_type type, ggml_tensor* x);

/// Writes rows into slots of `pot`, [n_embd_head, capacity, n_head_kv].
/// rows: F32, or F16 if the cache is too, [n_embd_head, n_head_kv, n]; slots: I32 [n].
/// centre: F32 [n_embd_head, n_head_kv], subtracted from F32 rows, or null; see KeyCentres.
ggml_tensor* store_rows(ggml_context* context, ggml_tensor* rows, ggml_tensor* pot,
                        ggml_tensor* slots, ggml_tensor* centre = nullptr);

/// Returns the rows that a view of the cache stores: F16 as they lie there, otherwise F32 with the
/// transform undone. centre: added to rows of a quantised type, over which it is repeated, or null.
ggml_tensor* load_rows(ggml_context* context, ggml_tensor* view, ggml_tensor* centre = nullptr);

/// Does the same for one row, without a graph. x: [n_embd_head]; centre: as long, or empty.
void load_row(ggml_type type, const std::byte* row, std::span<float> x,
              std::span<const float> centre = {});
/// Overwrites x with what it stores, before it rounds.
void store_row(ggml_type type, std::span<float> x, std::byte* row,
               std::span<const float> centre = {});

}  // namespace infinipot
