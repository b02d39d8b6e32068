#pragma once

#include <string_view>

namespace infinipot {

/// How the numbers of the pot are stored: keys, their rotated copy and values. A smaller type holds
/// more entries in the same bytes. Keys are kept unrotated and every rotated copy is made from
/// them, so that no type's rounding adds up, however often entries are renumbered.
enum class KvType {
    f16,   ///< 2 bytes per number: the reference, and the fastest
    bf16,  ///< 2 bytes: coarser than f16, with the range of F32
    q8_0,  ///< 34 bytes for 32 numbers
    q4_0,  ///< 18 bytes for 32 numbers
};

/// `f16`, `bf16`, `q8_0`, `q4_0`.
std::string_view to_string(KvType type);

/// @throws Error(invalid_argument) naming those there are.
KvType parse_kv_type(std::string_view text);

}  // namespace infinipot
