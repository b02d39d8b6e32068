#include "observe/entry_geometry.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

#include "cache/row_format.h"

namespace infinipot {

namespace {

struct WithoutCentre {
    void operator()(int /*slot*/, std::span<float> /*row*/) const {}
};

/// Reads the entries of one head as F32, one after another. AddCentre(slot, row) adds what a row
/// was stored without.
template <typename AddCentre = WithoutCentre>
class Rows {
   public:
    Rows(const KvCache& cache, ggml_tensor* pot, int head, AddCentre add_centre = {})
        : type_(pot->type),
          row_bytes_(pot->nb[1]),
          rows_(cache.rows(pot, head, copy_)),
          add_centre_(add_centre),
          row_(static_cast<std::size_t>(pot->ne[0])) {}

    std::span<const float> operator[](std::size_t slot) {
        load_row(type_, rows_ + slot * row_bytes_, row_);
        add_centre_(static_cast<int>(slot), row_);
        return row_;
    }

   private:
    ggml_type type_;
    std::size_t row_bytes_;
    std::vector<std::byte> copy_;  // of rows that are not on the host
    const std::byte* rows_;
    AddCentre add_centre_;
    std::vector<float> row_;
};

float dot(std::span<const float> a, std::span<const float> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
}

float l1(std::span<const float> x) {
    return std::accumulate(x.begin(), x.end(), 0.0f,
                           [](float sum, float value) { return sum + std::abs(value); });
}

float l2(std::span<const float> x) { return std::sqrt(dot(x, x)); }

constexpr float smallest_length = 1e-12f;

}  // namespace

void key_norms(const KvCache& cache, int il, int head, std::span<float> norms) {
    const std::span<const float> centre = cache.key_centres().key(il, head);
    Rows keys(cache, cache.keys(il), head, [&](int, std::span<float> key) {
        for (std::size_t i = 0; i < centre.size(); ++i) key[i] += centre[i];
    });
    for (std::size_t slot = 0; slot < norms.size(); ++slot) norms[slot] = l2(keys[slot]);
}

void value_norms(const KvCache& cache, int il, int head, int order, std::span<float> norms) {
    assert(order == 1 || order == 2);
    Rows values(cache, cache.values(il), head);
    for (std::size_t slot = 0; slot < norms.size(); ++slot) {
        norms[slot] = order == 1 ? l1(values[slot]) : l2(values[slot]);
    }
}

void key_similarities(const KvCache& cache, int il, int head, std::span<float> cosines) {
    Rows keys(cache, cache.rotated_keys(il), head, [&](int slot, std::span<float> key) {
        cache.key_centres().add_rotated(il, head, slot, key);
    });
    std::vector<float> anchor(static_cast<std::size_t>(cache.shape().n_embd_head), 0.0f);
    for (std::size_t slot = 0; slot < cosines.size(); ++slot) {
        const auto key = keys[slot];
        const float length = std::max(l2(key), smallest_length);
        for (std::size_t i = 0; i < anchor.size(); ++i) anchor[i] += key[i] / length;
    }
    const float anchor_length = std::max(l2(anchor), smallest_length);
    for (std::size_t slot = 0; slot < cosines.size(); ++slot) {
        const auto key = keys[slot];
        const float length = std::max(l2(key), smallest_length);
        cosines[slot] = dot(key, anchor) / (length * anchor_length);
    }
}

}  // namespace infinipot
