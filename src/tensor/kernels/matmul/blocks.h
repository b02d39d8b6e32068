// The blocks of quantised weights in ggml's formats, and what packing needs of each: its quants as
// bytes in the order of the inputs, and its scales. Each follows dequantize_row_* of ggml-quants.c.
#pragma once

#include <cstdint>
#include <cstring>

#include "tensor/kernels/matmul/layout.h"

namespace infinipot::kernels {

using Half = uint16_t;  ///< the bits of an F16

/// Writes the F16 of `row` of a group, in an array that starts at `scales`.
inline void put_half(uint8_t* scales, int row, Half value) {
    std::memcpy(scales + row * static_cast<int>(sizeof value), &value, sizeof value);
}

constexpr int half_bytes = row_group * int{sizeof(Half)};  ///< of the F16 of all rows
constexpr Half half_sign = 0x8000;

/// Writes `n` bytes as 2n halves of bytes: first the lower ones, then the upper ones.
inline void split_nibbles(const uint8_t* bytes, int n, uint8_t* out) {
    for (int i = 0; i < n; ++i) {
        out[i] = bytes[i] & 0x0f;
        out[n + i] = bytes[i] >> 4;
    }
}

/// Adds 16 to those of the 32 quants whose bit is set, eight at a time. A product repeats the bits
/// in eight bytes, of which each keeps one; the sum carries it to the highest bit of the byte.
inline void add_fifth_bits(const uint8_t* bits, uint8_t* out) {
    for (int i = 0; i < quant_block; i += 8) {
        uint64_t eight;
        std::memcpy(&eight, out + i, sizeof eight);
        const uint64_t kept = (bits[i / 8] * 0x0101010101010101) & 0x8040201008040201;
        eight |= ((kept + 0x7f7f7f7f7f7f7f7f) & 0x8080808080808080) >> 3;
        std::memcpy(out + i, &eight, sizeof eight);
    }
}

struct BlockQ8_0 {
    static constexpr Packing packing = packing::q8_0;
    static constexpr int n = quant_block;
    Half scale;
    uint8_t bytes[n];
    void quants(uint8_t* out) const {
        for (int i = 0; i < n; ++i) out[i] = bytes[i] ^ 0x80;  // + 128
    }
    void scales(int row, uint8_t* out) const { put_half(out, row, scale); }
};

/// Q4_0 and IQ4_NL.
struct BlockQ4_0 {
    static constexpr Packing packing = packing::q4_0;
    static constexpr int n = quant_block;
    Half scale;
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const { split_nibbles(nibbles, n / 2, out); }
    void scales(int row, uint8_t* out) const { put_half(out, row, scale); }
};

struct BlockQ4_1 {
    static constexpr Packing packing = packing::q4_1;
    static constexpr int n = quant_block;
    Half scale, minimum;
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const { split_nibbles(nibbles, n / 2, out); }
    void scales(int row, uint8_t* out) const {
        put_half(out, row, scale);
        put_half(out + half_bytes, row, minimum);
    }
};

struct BlockQ5_0 {
    static constexpr Packing packing = packing::q5_0;
    static constexpr int n = quant_block;
    Half scale;
    uint8_t bits[4];
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const {
        split_nibbles(nibbles, n / 2, out);
        add_fifth_bits(bits, out);
    }
    void scales(int row, uint8_t* out) const { put_half(out, row, scale); }
};

struct BlockQ5_1 {
    static constexpr Packing packing = packing::q5_1;
    static constexpr int n = quant_block;
    Half scale, minimum;
    uint8_t bits[4];
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const {
        split_nibbles(nibbles, n / 2, out);
        add_fifth_bits(bits, out);
    }
    void scales(int row, uint8_t* out) const {
        put_half(out, row, scale);
        put_half(out + half_bytes, row, minimum);
    }
};

struct BlockMxfp4 {
    static constexpr Packing packing = packing::mxfp4;
    static constexpr int n = quant_block;
    uint8_t exponent;
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const { split_nibbles(nibbles, n / 2, out); }
    void scales(int row, uint8_t* out) const { out[row] = exponent; }
};

constexpr int super_block = super_blocks * quant_block;  ///< weights of a K-quant's block

/// Writes the factors of Q4_K and Q5_K: 8 of 6 bits for the scales, and 8 for the minima.
inline void write_six_bit_factors(const uint8_t* packed, int row, uint8_t* out) {
    for (int i = 0; i < super_blocks; ++i) {
        int scale, minimum;
        if (i < 4) {
            scale = packed[i] & 63;
            minimum = packed[i + 4] & 63;
        } else {
            scale = (packed[i + 4] & 0x0f) | packed[i - 4] >> 6 << 4;
            minimum = packed[i + 4] >> 4 | packed[i] >> 6 << 4;
        }
        out[i * row_group + row] = static_cast<uint8_t>(scale);
        out[(super_blocks + i) * row_group + row] = static_cast<uint8_t>(minimum);
    }
}

/// Writes the two F16 behind 16 bytes a row; weights are reduced by the second.
inline void write_scale_and_minimum(Half scale, Half minimum, int row, uint8_t* out) {
    put_half(out + 16 * row_group, row, scale);
    put_half(out + 16 * row_group + half_bytes, row, minimum ^ half_sign);
}

struct BlockQ4_K {
    static constexpr Packing packing = packing::q4_k;
    static constexpr int n = super_block;
    Half scale, minimum;
    uint8_t factors[12];
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const {
        for (int i = 0; i < 4; ++i) split_nibbles(nibbles + i * 32, 32, out + i * 64);
    }
    void scales(int row, uint8_t* out) const {
        write_six_bit_factors(factors, row, out);
        write_scale_and_minimum(scale, minimum, row, out);
    }
};

struct BlockQ5_K {
    static constexpr Packing packing = packing::q5_k;
    static constexpr int n = super_block;
    Half scale, minimum;
    uint8_t factors[12];
    uint8_t bits[n / 8];
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const {
        for (int i = 0; i < 4; ++i) split_nibbles(nibbles + i * 32, 32, out + i * 64);
        for (int block = 0; block < super_blocks; ++block)
            for (int i = 0; i < quant_block; ++i) {
                uint8_t& quant = out[block * quant_block + i];
                quant = static_cast<uint8_t>(quant | (bits[i] >> block & 1) << 4);
            }
    }
    void scales(int row, uint8_t* out) const {
        write_six_bit_factors(factors, row, out);
        write_scale_and_minimum(scale, minimum, row, out);
    }
};

/// Writes 16 factors that are bytes, and the F16 behind them.
inline void write_factors(const uint8_t* factors, Half scale, int row, uint8_t* out) {
    for (int i = 0; i < 16; ++i) out[i * row_group + row] = factors[i];
    put_half(out + 16 * row_group, row, scale);
}

struct BlockQ6_K {
    static constexpr Packing packing = packing::q6_k;
    static constexpr int n = super_block;
    uint8_t nibbles[n / 2];
    uint8_t pairs[n / 4];
    uint8_t factors[16];
    Half scale;
    void quants(uint8_t* out) const {
        for (int half = 0; half < 2; ++half, out += 128) {
            const uint8_t *low = nibbles + half * 64, *high = pairs + half * 32;
            split_nibbles(low, 64, out);
            for (int part = 0; part < 4; ++part)
                for (int i = 0; i < 32; ++i) {
                    uint8_t& quant = out[part * 32 + i];
                    quant = static_cast<uint8_t>(quant | (high[i] >> 2 * part & 3) << 4);
                }
        }
    }
    void scales(int row, uint8_t* out) const { write_factors(factors, scale, row, out); }
};

/// Writes the quants of two bits of Q2_K and Q3_K.
inline void split_pairs(const uint8_t* pairs, uint8_t* out) {
    for (int half = 0; half < 2; ++half)
        for (int part = 0; part < 4; ++part)
            for (int i = 0; i < 32; ++i)
                *out++ = static_cast<uint8_t>(pairs[half * 32 + i] >> 2 * part & 3);
}

struct BlockQ3_K {
    static constexpr Packing packing = packing::q3_k;
    static constexpr int n = super_block;
    uint8_t bits[n / 8];
    uint8_t pairs[n / 4];
    uint8_t factors[12];
    Half scale;
    void quants(uint8_t* out) const {
        split_pairs(pairs, out);
        for (int block = 0; block < super_blocks; ++block)
            for (int i = 0; i < quant_block; ++i) {
                uint8_t& quant = out[block * quant_block + i];
                quant = static_cast<uint8_t>(quant | (bits[i] >> block & 1) << 2);
            }
    }
    void scales(int row, uint8_t* out) const {
        uint8_t signed_factors[16];
        for (int i = 0; i < 16; ++i) {
            const int low = factors[i % 8] >> (i < 8 ? 0 : 4) & 0x0f;
            const int high = factors[8 + i % 4] >> i / 4 * 2 & 3;
            signed_factors[i] = static_cast<uint8_t>((low | high << 4) - 32);
        }
        write_factors(signed_factors, scale, row, out);
    }
};

struct BlockQ2_K {
    static constexpr Packing packing = packing::q2_k;
    static constexpr int n = super_block;
    uint8_t factors[16];
    uint8_t pairs[n / 4];
    Half scale, minimum;
    void quants(uint8_t* out) const { split_pairs(pairs, out); }
    void scales(int row, uint8_t* out) const {
        for (int i = 0; i < 16; ++i) out[i * row_group + row] = factors[i];
        write_scale_and_minimum(scale, minimum, row, out);
    }
};

struct BlockIq4Xs {
    static constexpr Packing packing = packing::iq4_xs;
    static constexpr int n = super_block;
    Half scale;
    uint16_t high_factors;
    uint8_t low_factors[4];
    uint8_t nibbles[n / 2];
    void quants(uint8_t* out) const {
        for (int block = 0; block < super_blocks; ++block)
            split_nibbles(nibbles + block * 16, 16, out + block * quant_block);
    }
    void scales(int row, uint8_t* out) const {
        for (int i = 0; i < super_blocks; ++i) {
            const int low = low_factors[i / 2] >> i % 2 * 4 & 0x0f;
            const int high = high_factors >> 2 * i & 3;
            out[i * row_group + row] = static_cast<uint8_t>((low | high << 4) - 32);
        }
        put_half(out + super_blocks * row_group, row, scale);
    }
};

static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20);
static_assert(sizeof(BlockQ5_0) == 22 && sizeof(BlockQ5_1) == 24 && sizeof(BlockMxfp4) == 17);
static_assert(sizeof(BlockQ2_K) == 84 && sizeof(BlockQ3_K) == 110 && sizeof(BlockQ4_K) == 144);
static_assert(sizeof(BlockQ5_K) == 176 && sizeof(BlockQ6_K) == 210 && sizeof(BlockIq4Xs) == 136);

}  // namespace infinipot::kernels
