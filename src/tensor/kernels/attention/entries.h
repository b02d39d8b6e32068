// Decodes entries of each type, one register of elements at a time. Included by kernels only.
#pragma once

#include <cstdint>

#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

inline F32s scale_of(const char* block) {
    uint16_t half;
    __builtin_memcpy(&half, block, sizeof half);
    return all_f16(half);
}

template <EntryType type>
F32s elements(const char* entry, int at);

template <>
F32s elements<EntryType::f16>(const char* entry, int at) {
    return load_f16(entry + at * 2);
}

template <>
F32s elements<EntryType::bf16>(const char* entry, int at) {
    return load_bf16(entry + at * 2);
}

template <>  // blocks of 32: an F16 scale, then 32 bytes
F32s elements<EntryType::q8_0>(const char* entry, int at) {
    const char* block = entry + at / 32 * 34;
    return load_int8(block + 2 + at % 32) * scale_of(block);
}

template <>  // blocks of 32: an F16 scale, then 16 bytes; the lower halves are the first elements
F32s elements<EntryType::q4_0>(const char* entry, int at) {
    const char* block = entry + at / 32 * 18;
    const F32s quants = load_half_bytes(block + 2 + at % 16, at % 32 >= 16);
    return (quants - all(8)) * scale_of(block);
}

/// Returns f.operator()<type>() for a type that has elements(), and null for others.
template <typename Function>
auto of_type(EntryType type, Function f) -> decltype(f.template operator()<EntryType::f16>()) {
    switch (type) {
        case EntryType::f16:
            return f.template operator()<EntryType::f16>();
        case EntryType::bf16:
            return f.template operator()<EntryType::bf16>();
        case EntryType::q8_0:
            return f.template operator()<EntryType::q8_0>();
        case EntryType::q4_0:
            return f.template operator()<EntryType::q4_0>();
        case EntryType::other:
            break;
    }
    return nullptr;
}

}  // namespace
}  // namespace infinipot::kernels
