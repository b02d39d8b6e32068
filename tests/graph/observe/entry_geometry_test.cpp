#include "observe/entry_geometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "support/random_cache.h"

namespace infinipot {
namespace {

constexpr int n_kv = 29;

/// The last with blocks of the transform that are shorter than a head.
CacheShape shape_of(ggml_type type) {
    return {.n_layer = 2,
            .n_head_kv = 3,
            .n_embd_head = ggml_is_quantized(type) ? 96 : 24,
            .capacity = 40,
            .type = type};
}

using Numbers = std::vector<double>;

Numbers in_double(const std::vector<float>& x) { return {x.begin(), x.end()}; }

double product(const Numbers& a, const Numbers& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

double length(const Numbers& x) { return std::sqrt(product(x, x)); }

double sum_of_absolutes(const Numbers& x) {
    double sum = 0;
    for (const double value : x) sum += std::abs(value);
    return sum;
}

class EntryGeometry : public testing::TestWithParam<ggml_type> {
   protected:
    EntryGeometry() : shape(shape_of(GetParam())), cache_(shape, Backend(1).buffer_type()) {
        append_random(cache_, n_kv);
    }

    std::vector<Numbers> rows(ggml_tensor* pot, int head) const {
        std::vector<Numbers> all;
        for (int slot = 0; slot < n_kv; ++slot) {
            all.push_back(in_double(row(cache_, pot, head, slot)));
        }
        return all;
    }

    /// Calls `check` with every layer and head.
    template <typename Check>
    void for_each_head(Check check) const {
        for (int il = 0; il < shape.n_layer; ++il) {
            for (int head = 0; head < shape.n_head_kv; ++head) check(il, head);
        }
    }

    CacheShape shape;
    KvCache cache_;
    std::vector<float> got_ = std::vector<float>(n_kv);
};

INSTANTIATE_TEST_SUITE_P(Types, EntryGeometry, testing::ValuesIn(pot_types), type_name);

TEST_P(EntryGeometry, Measures_the_length_of_keys_before_rotation) {
    for_each_head([&](int il, int head) {
        key_norms(cache_, il, head, got_);
        const auto keys = rows(cache_.keys(il), head);
        for (std::size_t slot = 0; slot < n_kv; ++slot) {
            EXPECT_NEAR(got_[slot], length(keys[slot]), 1e-5);
        }
    });
}

TEST_P(EntryGeometry, Measures_values_by_the_sum_of_absolutes_or_by_length) {
    for_each_head([&](int il, int head) {
        const auto values = rows(cache_.values(il), head);
        value_norms(cache_, il, head, 1, got_);
        for (std::size_t slot = 0; slot < n_kv; ++slot) {
            EXPECT_NEAR(got_[slot], sum_of_absolutes(values[slot]), 1e-4);
        }
        value_norms(cache_, il, head, 2, got_);
        for (std::size_t slot = 0; slot < n_kv; ++slot) {
            EXPECT_NEAR(got_[slot], length(values[slot]), 1e-5);
        }
    });
}

/// The mean of unit vectors: long keys turn it no more than short ones.
TEST_P(EntryGeometry, Compares_rotated_keys_with_the_mean_of_their_directions) {
    for_each_head([&](int il, int head) {
        auto longest = row(cache_, cache_.rotated_keys(il), head, 3);  // far longer than the others
        for (float& number : longest) number *= 50;
        set_row(cache_, cache_.rotated_keys(il), head, 3, longest);
        const auto keys = rows(cache_.rotated_keys(il), head);
        Numbers anchor(static_cast<std::size_t>(shape.n_embd_head));
        for (const Numbers& key : keys) {
            for (std::size_t i = 0; i < key.size(); ++i) anchor[i] += key[i] / length(key) / n_kv;
        }
        key_similarities(cache_, il, head, got_);
        for (std::size_t slot = 0; slot < n_kv; ++slot) {
            EXPECT_NEAR(got_[slot],
                        product(keys[slot], anchor) / (length(keys[slot]) * length(anchor)), 1e-5);
        }
    });
}

TEST_P(EntryGeometry, Equal_keys_have_similarity_1_and_an_opposite_key_minus_1) {
    for (int slot = 0; slot < n_kv; ++slot) {
        std::vector<float> key;
        for (int i = 0; i < shape.n_embd_head; ++i) {
            key.push_back(static_cast<float>(i % 5 - 1) * (slot == 7 ? -2.0f : 1.0f));
        }
        set_row(cache_, cache_.rotated_keys(0), 1, slot, key);
    }
    key_similarities(cache_, 0, 1, got_);
    const double rounding = GetParam() == GGML_TYPE_Q4_0 ? 1e-2 : 1e-5;  // of key and opposite
    for (std::size_t slot = 0; slot < n_kv; ++slot) {
        EXPECT_NEAR(got_[slot], slot == 7 ? -1 : 1, rounding) << slot;
    }
}

TEST_P(EntryGeometry, A_key_of_zeros_has_similarity_0) {
    const std::vector<float> zeros(static_cast<std::size_t>(shape.n_embd_head));
    set_row(cache_, cache_.rotated_keys(0), 0, 5, zeros);
    key_similarities(cache_, 0, 0, got_);
    EXPECT_EQ(got_[5], 0);
    for (const float cosine : got_) EXPECT_TRUE(std::isfinite(cosine));
    for (int slot = 0; slot < n_kv; ++slot) {
        set_row(cache_, cache_.rotated_keys(0), 0, slot, zeros);
    }
    key_similarities(cache_, 0, 0, got_);
    EXPECT_EQ(got_, std::vector<float>(n_kv));
}

}  // namespace
}  // namespace infinipot
