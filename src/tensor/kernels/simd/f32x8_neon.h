// Eight floats in two registers of NEON, which all 64-bit ARM CPUs have. Included by f32s.h only.
#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace infinipot::kernels {
namespace {

struct F32x8 {
    float32x4_t low, high;
};
using F32s = F32x8;

inline F32x8 all(float x) { return {vdupq_n_f32(x), vdupq_n_f32(x)}; }
inline F32x8 zero() { return all(0); }
inline F32x8 load(const float* from) { return {vld1q_f32(from), vld1q_f32(from + 4)}; }
inline void store(float* to, F32x8 x) {
    vst1q_f32(to, x.low);
    vst1q_f32(to + 4, x.high);
}

inline F32x8 operator+(F32x8 a, F32x8 b) {
    return {vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)};
}
inline F32x8 operator-(F32x8 a, F32x8 b) {
    return {vsubq_f32(a.low, b.low), vsubq_f32(a.high, b.high)};
}
inline F32x8 operator*(F32x8 a, F32x8 b) {
    return {vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)};
}
inline F32x8 operator/(F32x8 a, F32x8 b) {
    return {vdivq_f32(a.low, b.low), vdivq_f32(a.high, b.high)};
}
inline F32x8 fma(F32x8 a, F32x8 b, F32x8 c) {
    return {vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
}
inline F32x8 larger(F32x8 a, F32x8 b) {
    return {vmaxq_f32(a.low, b.low), vmaxq_f32(a.high, b.high)};
}
inline F32x8 floor(F32x8 x) { return {vrndmq_f32(x.low), vrndmq_f32(x.high)}; }

/// Raises x to -127 at least, where scale_by_two_to() gives 0. NaN stays NaN.
inline F32x8 within_exponents(F32x8 x) { return larger(all(-127), x); }
inline F32x8 fraction(F32x8 x) { return x - floor(x); }

/// Returns y * 2^floor(x) for x from -127 on, where 2^-127 counts as 0.
inline F32x8 scale_by_two_to(F32x8 x, F32x8 y) {
    const auto scale = [](float32x4_t exponent) {
        const int32x4_t bits = vaddq_s32(vcvtmq_s32_f32(exponent), vdupq_n_s32(127));
        return vreinterpretq_f32_s32(vshlq_n_s32(bits, 23));
    };
    return y * F32x8{scale(x.low), scale(x.high)};
}

/// Returns the first n lanes of x, then the other lanes of `rest`; n may be any number.
inline F32x8 first_lanes(int n, F32x8 x, F32x8 rest) {
    const int32x4_t index = {0, 1, 2, 3};
    const uint32x4_t low = vcltq_s32(index, vdupq_n_s32(n));
    const uint32x4_t high = vcltq_s32(vaddq_s32(index, vdupq_n_s32(4)), vdupq_n_s32(n));
    return {vbslq_f32(low, x.low, rest.low), vbslq_f32(high, x.high, rest.high)};
}

inline bool any_above(F32x8 x, F32x8 limit) {
    return vmaxvq_u32(vorrq_u32(vcgtq_f32(x.low, limit.low), vcgtq_f32(x.high, limit.high))) != 0;
}
/// Returns whether any lane of x is above its lane of `limit` or NaN.
inline bool any_not_within(F32x8 x, F32x8 limit) {
    return vminvq_u32(vandq_u32(vcleq_f32(x.low, limit.low), vcleq_f32(x.high, limit.high))) == 0;
}

inline float first_lane(F32x8 x) { return vgetq_lane_f32(x.low, 0); }
inline float largest_lane(F32x8 x) { return vmaxvq_f32(vmaxq_f32(x.low, x.high)); }
inline float sum_of_lanes(F32x8 x) { return vaddvq_f32(vaddq_f32(x.low, x.high)); }

/// Returns the sums of M registers, one sum per lane; the other lanes are 0.
template <int M>
F32x8 sums_of(const F32x8 (&x)[M]) {
    const auto at = [&](int i) { return i < M ? vaddq_f32(x[i].low, x[i].high) : vdupq_n_f32(0); };
    const auto sums_of_four = [&](int i) {
        return vpaddq_f32(vpaddq_f32(at(i), at(i + 1)), vpaddq_f32(at(i + 2), at(i + 3)));
    };
    return {sums_of_four(0), M <= 4 ? vdupq_n_f32(0) : sums_of_four(4)};
}

/// Returns lanes 1, 0, 3, 2, 5, 4, 7, 6.
inline F32x8 swapped_neighbours(F32x8 x) { return {vrev64q_f32(x.low), vrev64q_f32(x.high)}; }

// Loads and stores of other types.

inline uint16x8_t load_16_bits(const void* from) {
    return vld1q_u16(static_cast<const uint16_t*>(from));
}

inline F32x8 load_f16(const void* from) {
    const float16x8_t halves = vreinterpretq_f16_u16(load_16_bits(from));
    return {vcvt_f32_f16(vget_low_f16(halves)), vcvt_high_f32_f16(halves)};
}
inline void store_f16(uint16_t* to, F32x8 x) {  // rounds to nearest, ties to even
    vst1q_u16(to, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.low), x.high)));
}
inline F32x8 all_f16(uint16_t x) {
    const float32x4_t lanes = vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(x)));
    return {lanes, lanes};
}

inline F32x8 load_bf16(const void* from) {
    const uint16x8_t upper = load_16_bits(from);
    return {vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(upper), 16)),
            vreinterpretq_f32_u32(vshll_high_n_u16(upper, 16))};
}

inline F32x8 load_int8(const void* from) {
    const int16x8_t x = vmovl_s8(vld1_s8(static_cast<const int8_t*>(from)));
    return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(x))), vcvtq_f32_s32(vmovl_high_s16(x))};
}

/// Loads the lower or upper halves of eight bytes, unsigned: 0 to 15.
inline F32x8 load_half_bytes(const void* from, bool upper) {
    const uint8x8_t bytes = vld1_u8(static_cast<const uint8_t*>(from));
    const uint16x8_t x = vmovl_u8(upper ? vshr_n_u8(bytes, 4) : vand_u8(bytes, vdup_n_u8(15)));
    return {vcvtq_f32_u32(vmovl_u16(vget_low_u16(x))), vcvtq_f32_u32(vmovl_high_u16(x))};
}

}  // namespace
}  // namespace infinipot::kernels
