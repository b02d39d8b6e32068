#pragma once

#include <string_view>
#include <vector>

namespace infinipot {

/// Number format of the KV cache: keys, their rotated copies and values. A smaller type holds more
/// entries in the same bytes. The cache keeps the unrotated keys and makes every rotated copy from
/// them, so rounding errors do not add up, however often entries are renumbered.
enum class KvType {
    f16,   ///< 2 bytes per number; the reference and the fastest type
    bf16,  ///< 2 bytes: coarser than f16, with the range of F32
    q8_0,  ///< 34 bytes for 32 numbers
    q4_0,  ///< 18 bytes for 32 numbers
};

/// Returns every type, largest first.
std::vector<KvType> all_kv_types();

/// Returns `f16`, `bf16`, `q8_0` or `q4_0`.
std::string_view to_string(KvType type);

/// Reads what to_string() returns.
/// @throws Error(invalid_argument) for any other text; the sentence lists the known types.
KvType parse_kv_type(std::string_view text);

}  // namespace infinipot
