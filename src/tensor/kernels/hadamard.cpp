#include "tensor/kernels/hadamard.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace infinipot::kernels {
namespace {

/// Replaces every two elements `distance` apart by their sum and their difference.
void add_and_subtract(float* x, int n, int distance) {
    for (int begin = 0; begin < n; begin += 2 * distance) {
        for (int i = begin; i < begin + distance; ++i) {
            const float low = x[i], high = x[i + distance];
            x[i] = low + high;
            x[i + distance] = low - high;
        }
    }
}

/// Does the same for a distance that the compiler knows, so that it can use registers.
template <int distance>
void add_and_subtract(float* x, int n) {
    for (int begin = 0; begin + distance < n; begin += 2 * distance) {
        for (int i = 0; i < distance; ++i) {
            const float low = x[begin + i], high = x[begin + i + distance];
            x[begin + i] = low + high;
            x[begin + i + distance] = low - high;
        }
    }
}

void transform(float* x, int n) {
    const float scale = 1.0f / std::sqrt(static_cast<float>(n));
    for (int i = 0; i < n; ++i) x[i] *= scale;
    add_and_subtract<1>(x, n);
    add_and_subtract<2>(x, n);
    add_and_subtract<4>(x, n);
    for (int distance = 8; distance < n; distance *= 2) add_and_subtract(x, n, distance);
}

void hadamard_op(ggml_tensor* dst, const ggml_tensor* x, int ith, int nth, void* /*userdata*/) {
    const int64_t n_rows = ggml_nrows(x);
    for (int64_t row = n_rows * ith / nth; row < n_rows * (ith + 1) / nth; ++row) {
        const int64_t i1 = row % x->ne[1], i2 = row / x->ne[1] % x->ne[2];
        const int64_t i3 = row / x->ne[1] / x->ne[2];
        const char* from = static_cast<const char*>(x->data) + i1 * static_cast<int64_t>(x->nb[1]) +
                           i2 * static_cast<int64_t>(x->nb[2]) +
                           i3 * static_cast<int64_t>(x->nb[3]);
        float* to = static_cast<float*>(dst->data) + row * x->ne[0];
        std::copy_n(reinterpret_cast<const float*>(from), x->ne[0], to);
        hadamard(to, x->ne[0]);
    }
}

}  // namespace

int hadamard_block(int64_t n_embd_head) { return static_cast<int>(n_embd_head & -n_embd_head); }

void hadamard(float* x, int64_t n_embd_head) {
    const int n = hadamard_block(n_embd_head);
    for (int64_t begin = 0; begin < n_embd_head; begin += n) transform(x + begin, n);
}

ggml_tensor* hadamard(ggml_context* ctx, ggml_tensor* x) {
    assert(x->type == GGML_TYPE_F32 && x->nb[0] == sizeof(float));
    return ggml_map_custom1(ctx, x, hadamard_op, GGML_N_TASKS_MAX, nullptr);
}

}  // namespace infinipot::kernels
