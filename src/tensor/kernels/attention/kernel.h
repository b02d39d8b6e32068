// What attention asks of its kernels.
#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {

constexpr int attention_max_head = 256;          ///< largest n_embd_head
constexpr int attention_max_queries = 256 * 64;  ///< largest rows * n_embd_head of a piece

/// How keys and values are stored: as in ggml's types of the same names.
enum class EntryType { f16, bf16, q8_0, q4_0, other };

EntryType entry_type(ggml_type type);

/// Some consecutive tokens, with all query heads of one KV head, over some consecutive entries of
/// that head. A *row* is one query head of one token; rows are numbered token by token.
struct AttentionPiece {
    int n_embd_head;
    int n_head;      ///< query heads of the KV head
    int n_tokens;    ///< n_tokens * n_head * n_embd_head <= attention_max_queries
    int begin, end;  ///< first entry, one past the last
    int visible;     ///< entries the first token may see, from entry 0; each later token, one more
    int hidden;      ///< of them those at the front it may not see; each later token, one more
    float scale;
    EntryType type;  ///< of keys and values

    const char* q;                            ///< F32 elements of the first token and head
    const char *k, *v;                        ///< entry 0
    std::size_t q_head_bytes, q_token_bytes;  ///< from one head, one token, to the next
    std::size_t k_bytes, v_bytes;             ///< from one entry to the next

    float* out;  ///< [n_embd_head] for the first token and head
    std::ptrdiff_t out_head_stride, out_token_stride;  ///< in floats
    /// Write log2 Σ exp(scaled scores) behind each result: -inf, and a result of 0, for no entries.
    bool wants_lse;
};

using AttentionKernel = void (*)(const AttentionPiece& piece);

/// The kernels for CPUs with AMX-BF16, with AVX-512 VNNI and for Cpu::x8, and one for a single
/// token; or nullptr where the compiler has no such instructions. Whether the CPU has them is for
/// the caller to ask. That of AMX rounds queries, keys, values and weights to BF16.
AttentionKernel attention_amx();
AttentionKernel attention_avx512();
AttentionKernel attention_x8();
AttentionKernel attention_one_token_x8(EntryType type);

}  // namespace infinipot::kernels
