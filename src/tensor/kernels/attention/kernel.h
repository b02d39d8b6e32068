// Interface between attention and its kernels for single kinds of CPU.
#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {

constexpr int attention_max_head = 256;          ///< largest n_embd_head
constexpr int attention_max_queries = 256 * 64;  ///< largest rows * n_embd_head of a piece

/// Storage format of keys and values, as ggml's types of the same names.
enum class EntryType { f16, bf16, q8_0, q4_0, other };

EntryType entry_type(ggml_type type);

/// A part of one call: consecutive tokens, with all query heads of one KV head, over consecutive
/// entries of that head. A *row* is one query head of one token. Rows are numbered token by token.
struct AttentionPiece {
    int n_embd_head;
    int n_head;      ///< query heads of the KV head
    int n_tokens;    ///< n_tokens * n_head * n_embd_head <= attention_max_queries
    int begin, end;  ///< first entry, one past the last
    int visible;     ///< entries that the first token sees, from 0; one more per later token
    int hidden;      ///< entries hidden from it at the front; one more per later token
    float scale;
    EntryType type;  ///< of keys and values

    const char* q;                            ///< F32 elements of the first token and head
    const char *k, *v;                        ///< entry 0
    std::size_t q_head_bytes, q_token_bytes;  ///< from one head, one token, to the next
    std::size_t k_bytes, v_bytes;             ///< from one entry to the next

    float* out;  ///< [n_embd_head] for the first token and head
    std::ptrdiff_t out_head_stride, out_token_stride;  ///< in floats
    /// Write log2 Σ exp(scaled scores) behind each result. Without visible entries it is -inf and
    /// the result is 0.
    bool wants_lse;
};

using AttentionKernel = void (*)(const AttentionPiece& piece);

/// Return the kernels for CPUs with AMX-BF16, with AVX-512 VNNI and for Cpu::x8, and the one for a
/// single token, or nullptr if the compiler lacks the instructions. The caller must check that the
/// CPU has them. The AMX kernel rounds queries, keys, values and weights to BF16.
AttentionKernel attention_amx();
AttentionKernel attention_avx512();
AttentionKernel attention_x8();
AttentionKernel attention_one_token_x8(EntryType type);

}  // namespace infinipot::kernels
