#include "cache/row_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/random_cache.h"

namespace infinipot {
namespace {

/// NMSE of normal numbers that a type has rounded.
double rounding(ggml_type type) {
    switch (type) {
        case GGML_TYPE_F16:
            return 1e-7;
        case GGML_TYPE_BF16:
            return 1e-5;
        case GGML_TYPE_Q8_0:
            return 1e-4;
        default:
            return 1e-2;
    }
}

class RowFormat : public testing::TestWithParam<ggml_type> {
   protected:
    static constexpr int d = 96, n_head_kv = 2, capacity = 12;

    std::vector<float> rounded(std::vector<float> x) const {
        std::vector<std::byte> row(ggml_row_size(GetParam(), static_cast<std::int64_t>(x.size())));
        store_row(GetParam(), x, row.data());
        load_row(GetParam(), row.data(), x);
        return x;
    }
};

INSTANTIATE_TEST_SUITE_P(Types, RowFormat, testing::ValuesIn(pot_types), type_name);

TEST_P(RowFormat, Returns_stored_rows_up_to_rounding) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const auto x = normal_numbers(d, seed);
        EXPECT_LT(normalized_error(rounded(x), x), rounding(GetParam()));
    }
}

/// A graph stores and loads rows at scattered slots exactly as store_row() and load_row() do.
TEST_P(RowFormat, Stores_the_same_bytes_with_and_without_a_graph) {
    const std::vector<std::int32_t> slots = {3, 11, 0, 7};
    const auto n = static_cast<std::int64_t>(slots.size());
    const auto numbers = normal_numbers(d * n_head_kv * n, 5);
    KvCache cache({.n_layer = 1,
                   .n_head_kv = n_head_kv,
                   .n_embd_head = d,
                   .capacity = capacity,
                   .type = GetParam()},
                  Backend(1).buffer_type());
    append_random(cache, capacity, 1);
    ggml_tensor* pot = cache.keys(0);
    std::vector<std::vector<float>> expected;
    for (int head = 0; head < n_head_kv; ++head) {
        for (int slot = 0; slot < capacity; ++slot) expected.push_back(row(cache, pot, head, slot));
    }
    SmallGraph graph(1 << 20);
    ggml_tensor* rows = graph.input(GGML_TYPE_F32, {d, n_head_kv, n}, numbers);
    ggml_tensor* stored =
        store_rows(graph.context(), rows, pot, graph.input(GGML_TYPE_I32, {n}, slots));
    ggml_tensor* loaded =
        ggml_cast(graph.context(), load_rows(graph.context(), stored), GGML_TYPE_F32);
    const std::vector<float> all = graph.compute(loaded, 2);  // [n_head_kv, capacity, d]
    for (std::size_t i = 0; i < slots.size(); ++i) {
        for (std::size_t head = 0; head < n_head_kv; ++head) {
            const auto from =
                numbers.begin() + static_cast<std::ptrdiff_t>((i * n_head_kv + head) * d);
            expected[head * capacity + static_cast<std::size_t>(slots[i])] =
                rounded({from, from + d});
        }
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(i * d);
        const std::vector<float> got(from, from + d);
        EXPECT_EQ(got,
                  row(cache, pot, static_cast<int>(i) / capacity, static_cast<int>(i) % capacity));
        // ggml's CPU code and its reference may round what lies half-way otherwise.
        EXPECT_LT(normalized_error(got, expected[i]), rounding(GetParam()) / 10);
    }
}

/// Keys have a few channels that are far larger than all others, and always the same ones. Rounding
/// such a key leaves few steps for the 31 other numbers of the channel's block.
TEST_P(RowFormat, Rounds_vectors_with_outliers_less_after_the_Hadamard_transform) {
    constexpr std::size_t n = 128;
    const ggml_type type = GetParam();
    if (!uses_hadamard(type)) GTEST_SKIP() << "numbers are rounded one by one";
    double transformed_error = 0, plain_error = 0;
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::vector<float> x = normal_numbers(n, seed);
        for (const std::size_t channel : {9, 77}) x[channel] *= 20;
        std::vector<std::byte> as_it_is(ggml_row_size(type, n));
        std::vector<float> plain(n);
        ggml_get_type_traits(type)->from_float_ref(x.data(), as_it_is.data(), n);
        ggml_get_type_traits(type)->to_float(as_it_is.data(), plain.data(), n);
        plain_error += normalized_error(plain, x);
        transformed_error += normalized_error(rounded(x), x);
    }
    EXPECT_LT(2 * transformed_error, plain_error);
    RecordProperty("plain_nmse", std::to_string(plain_error / 50));
    RecordProperty("transformed_nmse", std::to_string(transformed_error / 50));
}

}  // namespace
}  // namespace infinipot
