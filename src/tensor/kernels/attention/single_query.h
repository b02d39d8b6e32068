// Attention of a single token, in F32, that also returns the probabilities. Per-token eviction
// needs them at every token, and flash attention does not return them.
#pragma once

#include <ggml.h>

#include <cstddef>

namespace infinipot::kernels {

/// One token, with all query heads of one KV head, over entries 0..n_kv-1 of that head.
struct SingleQuery {
    ggml_type type;  ///< of the entries
    int n_embd_head;
    int n_head;  ///< query heads of the KV head
    int n_kv;
    float scale;
    const float* q;                ///< [n_head][n_embd_head], rotated
    const float* sinks = nullptr;  ///< [n_head]: see attention(); or null
    const char *k, *v;             ///< entry 0; keys are rotated
    std::size_t k_bytes, v_bytes;  ///< from one entry to the next
    float* scratch;                ///< single_query_scratch() floats
    float* out;                    ///< [n_head][n_embd_head]: softmax(scale * q kᵀ) v
    float* mass;                   ///< [n_kv]: probabilities, averaged over the query heads
};

/// Returns whether this CPU has a kernel for entries of this type (F16, BF16, Q8_0 or Q4_0) and
/// heads of this size (a multiple of 8; quantised: of 32).
bool single_query_supported(ggml_type type, int n_embd_head);

/// Returns the size of SingleQuery::scratch, in floats.
std::size_t single_query_scratch(int n_embd_head, int n_kv);

/// Attends on the calling thread. Allocates nothing.
void attend_single_query(const SingleQuery& query);

}  // namespace infinipot::kernels
