#include "cache/rotation_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/kernel_test.h"
#include "support/random_cache.h"

namespace infinipot {
namespace {

struct Variant {
    const char* name;
    Rotation rotation;
    int n_embd_head;
    bool has_factors = false;
};

std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }

constexpr int n_positions = 600;

void rotate(const RotationTable& table, const ggml_fp16_t* key, int position,
            ggml_fp16_t* rotated) {
    table.rotate(GGML_TYPE_F16, reinterpret_cast<const std::byte*>(key), position,
                 reinterpret_cast<std::byte*>(rotated), {});
}

class RotationTableOf : public testing::TestWithParam<Variant> {
   protected:
    RotationTableOf() : graph_(16 << 20), rotation_(GetParam().rotation) {
        if (!GetParam().has_factors) return;
        std::vector<float> factors;
        for (int i = 0; i < rotation_.n_rot / 2; ++i) {
            factors.push_back(1 + static_cast<float>(i) / 2);
        }
        rotation_.freq_factors = graph_.input(GGML_TYPE_F32, {rotation_.n_rot / 2}, factors);
    }

    RotationTable table() const {
        return {rotation_, GetParam().n_embd_head, n_positions, backend_};
    }

    SmallGraph graph_;
    Rotation rotation_;
    mutable Backend backend_{1};
};

/// Every key once by ggml, in one graph, and once by the table.
TEST_P(RotationTableOf, Rotates_a_key_as_ggml_does) {
    const int d = GetParam().n_embd_head;
    const std::vector<float> numbers = normal_numbers(d * n_positions, 1);
    std::vector<ggml_fp16_t> keys(numbers.size());
    ggml_fp32_to_fp16_row(numbers.data(), keys.data(), d * n_positions);
    std::vector<std::int32_t> positions;
    for (int p = 0; p < n_positions; ++p) positions.push_back((p * 7) % n_positions);
    ggml_context* context = graph_.context();
    ggml_tensor* rotated =
        rotation_.apply(context, graph_.input(GGML_TYPE_F16, {d, 1, n_positions}, keys),
                        graph_.input(GGML_TYPE_I32, {n_positions}, positions));
    const std::vector<float> expected =
        graph_.compute(ggml_cast(context, rotated, GGML_TYPE_F32), 1);

    const RotationTable ours = table();
    std::vector<float> got(expected.size());
    std::vector<ggml_fp16_t> key(static_cast<std::size_t>(d));
    for (std::size_t i = 0; i < positions.size(); ++i) {
        rotate(ours, keys.data() + i * key.size(), positions[i], key.data());
        ggml_fp16_to_fp32_row(key.data(), got.data() + i * key.size(), d);
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
        // One step of F16 where F32 is rounded the other way.
        ASSERT_NEAR(got[i], expected[i], std::abs(expected[i]) / 1000 + 1e-6f) << i;
    }
    EXPECT_LT(normalized_error(got, expected), 1e-9);
}

/// (x, y) at position p is (x cos - y sin, x sin + y cos) of p times the pair's frequency.
TEST_P(RotationTableOf, Holds_the_cosine_and_the_sine_of_every_pair) {
    if (rotation_.ext_factor != 0) GTEST_SKIP() << "YaRN mixes two frequencies";
    const RotationTable ours = table();
    EXPECT_EQ(ours.n_positions(), n_positions);
    EXPECT_EQ(ours.n_rot(), rotation_.n_rot);
    EXPECT_EQ(ours.bytes(),
              static_cast<std::size_t>(2 * n_positions * rotation_.n_rot) * sizeof(float));
    for (const int position : {0, 1, 17, n_positions - 1}) {
        for (int i = 0; i < rotation_.n_rot / 2; ++i) {
            const double frequency =
                static_cast<double>(rotation_.freq_scale) *
                std::pow(static_cast<double>(rotation_.freq_base), -2.0 * i / rotation_.n_rot) /
                (GetParam().has_factors ? 1 + i / 2.0 : 1);
            const double factor = static_cast<double>(rotation_.attn_factor);
            const auto [a, b] = ours.pair(i);  // ggml multiplies angles up, pair by pair
            EXPECT_NEAR(ours.cosines(position)[a], factor * std::cos(position * frequency), 1e-3);
            EXPECT_NEAR(ours.sines(position)[b], factor * std::sin(position * frequency), 1e-3);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, RotationTableOf,
    testing::Values(Variant{"norm", {.n_rot = 64}, 64},
                    Variant{"neox", {.n_rot = 64, .mode = GGML_ROPE_TYPE_NEOX}, 64},
                    Variant{"norm_of_a_part", {.n_rot = 24, .freq_base = 500000}, 64},
                    Variant{"neox_of_a_part", {.n_rot = 24, .mode = GGML_ROPE_TYPE_NEOX}, 80},
                    Variant{"norm_with_factors", {.n_rot = 32}, 32, true},
                    Variant{
                        "neox_with_factors", {.n_rot = 16, .mode = GGML_ROPE_TYPE_NEOX}, 32, true},
                    Variant{"scaled", {.n_rot = 32, .freq_scale = 0.25f, .attn_factor = 1.5f}, 32},
                    Variant{"yarn",
                            {.n_rot = 64,
                             .mode = GGML_ROPE_TYPE_NEOX,
                             .n_ctx_orig = 128,
                             .freq_scale = 0.25f,
                             .ext_factor = 1},
                            64},
                    Variant{"largest_head", {.n_rot = 512}, 512}),
    [](const auto& test) { return test.param.name; });

TEST(RotationTable, Pairs_neighbours_or_halves) {
    Backend backend(1);
    const RotationTable norm({.n_rot = 8}, 12, 2, backend);
    const RotationTable neox({.n_rot = 8, .mode = GGML_ROPE_TYPE_NEOX}, 12, 2, backend);
    using Pair = std::pair<std::size_t, std::size_t>;
    EXPECT_EQ(norm.pair(0), Pair(0, 1));
    EXPECT_EQ(norm.pair(3), Pair(6, 7));
    EXPECT_EQ(neox.pair(0), Pair(0, 4));
    EXPECT_EQ(neox.pair(3), Pair(3, 7));
}

TEST(RotationTable, Leaves_the_unrotated_part_and_position_0_unchanged) {
    Backend backend(1);
    const RotationTable table({.n_rot = 8}, 12, 4, backend);
    const std::vector<float> numbers = normal_numbers(12, 1);
    std::vector<ggml_fp16_t> key(12), rotated(12);
    ggml_fp32_to_fp16_row(numbers.data(), key.data(), 12);
    rotate(table, key.data(), 0, rotated.data());
    EXPECT_EQ(rotated, key);
    rotate(table, key.data(), 3, rotated.data());
    EXPECT_TRUE(std::equal(key.begin() + 8, key.end(), rotated.begin() + 8));
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NE(rotated[i], key[i]) << i;
    std::vector<ggml_fp16_t> in_place = key;
    rotate(table, in_place.data(), 3, in_place.data());
    EXPECT_EQ(in_place, rotated) << "the result may take the key's place";
}

/// A key of any type is loaded, rotated as ggml does it and stored; what is rotated later is the
/// same key again, not the one rotated before.
TEST(RotationTable, Rotates_a_key_of_every_type_with_one_rounding) {
    constexpr int d = 96;
    Backend backend(1);
    const Rotation rotation{.n_rot = 64, .mode = GGML_ROPE_TYPE_NEOX};
    const RotationTable table(rotation, d, n_positions, backend);
    std::vector<float> scratch(d), got(d);
    for (const ggml_type type : pot_types) {
        std::vector<std::byte> key(ggml_row_size(type, d)), rotated(key.size());
        std::vector<float> numbers = normal_numbers(d, 4), stored(d);
        store_row(type, numbers, key.data());
        load_row(type, key.data(), stored);
        for (const std::int32_t position : {0, 5, 599}) {
            SmallGraph graph(1 << 20);
            const std::vector<float> expected = graph.compute(
                rotation.apply(graph.context(), graph.input(GGML_TYPE_F32, {d, 1, 1}, stored),
                               graph.input(GGML_TYPE_I32, {1}, std::vector{position})),
                1);
            table.rotate(type, key.data(), position, rotated.data(), scratch);
            load_row(type, rotated.data(), got);
            const double rounding = type == GGML_TYPE_Q4_0 ? 1e-2 : 1e-4;
            EXPECT_LT(normalized_error(got, expected), rounding) << ggml_type_name(type);
        }
        std::vector<std::byte> in_place = key;
        table.rotate(type, in_place.data(), 599, in_place.data(), scratch);
        EXPECT_EQ(in_place, rotated) << "the result may take the key's place";
    }
}

}  // namespace
}  // namespace infinipot
