#include "tensor/kernels/attention/single_query.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "support/kernel_test.h"

namespace infinipot {
namespace {

using kernels::SingleQuery;

struct Shape {
    int n_embd_head, n_head, n_kv;
};

/// Rows of one type, and what they hold.
struct Stored {
    std::vector<char> bytes;
    std::vector<float> values;

    Stored(ggml_type type, int n_row, int n_rows, unsigned seed)
        : bytes(ggml_row_size(type, n_row) * static_cast<std::size_t>(n_rows)),
          values(static_cast<std::size_t>(n_row * n_rows)) {
        const std::vector<float> numbers = normal_numbers(n_row * n_rows, seed);
        ggml_quantize_chunk(type, numbers.data(), bytes.data(), 0, n_rows, n_row, nullptr);
        ggml_get_type_traits(type)->to_float(bytes.data(), values.data(), n_row * n_rows);
    }

    double at(int row, int n_row, int i) const {
        return static_cast<double>(values[static_cast<std::size_t>(row * n_row + i)]);
    }
};

class SingleQueryOf : public testing::TestWithParam<std::tuple<ggml_type, Shape>> {
   protected:
    void expect_equal(const std::vector<float>& sinks) const;
};

TEST_P(SingleQueryOf, Equals_plain_arithmetic_and_shows_its_probabilities) { expect_equal({}); }

TEST_P(SingleQueryOf, Equals_plain_arithmetic_with_sinks_from_small_to_large) {
    const int n_head = std::get<Shape>(GetParam()).n_head;
    std::vector<float> sinks = normal_numbers(n_head, 4);
    for (float& sink : sinks) sink *= 5;
    expect_equal(sinks);
}

void SingleQueryOf::expect_equal(const std::vector<float>& sinks) const {
    const auto [type, s] = GetParam();
    if (!kernels::single_query_supported(type, s.n_embd_head)) {
        GTEST_SKIP() << "this CPU has no kernel";
    }
    const int d = s.n_embd_head;
    const std::vector<float> q = normal_numbers(d * s.n_head, 1);
    const Stored keys(type, d, s.n_kv, 2), values(type, d, s.n_kv, 3);
    std::vector<float> out(static_cast<std::size_t>(d * s.n_head), -7.0f);
    std::vector<float> mass(static_cast<std::size_t>(s.n_kv), -7.0f);
    std::vector<float> scratch(kernels::single_query_scratch(d, s.n_kv), -7.0f);
    const float scale = 0.3f;

    kernels::attend_single_query({.type = type,
                                  .n_embd_head = d,
                                  .n_head = s.n_head,
                                  .n_kv = s.n_kv,
                                  .scale = scale,
                                  .q = q.data(),
                                  .sinks = sinks.empty() ? nullptr : sinks.data(),
                                  .k = keys.bytes.data(),
                                  .v = values.bytes.data(),
                                  .k_bytes = ggml_row_size(type, d),
                                  .v_bytes = ggml_row_size(type, d),
                                  .scratch = scratch.data(),
                                  .out = out.data(),
                                  .mass = mass.data()});

    std::vector<double> expected_out(out.size()), expected_mass(mass.size());
    for (int h = 0; h < s.n_head; ++h) {
        std::vector<double> p(mass.size());
        double sum =
            sinks.empty() ? 0 : std::exp(static_cast<double>(sinks[static_cast<std::size_t>(h)]));
        for (int j = 0; j < s.n_kv; ++j) {
            double score = 0;
            for (int i = 0; i < d; ++i) {
                score +=
                    static_cast<double>(q[static_cast<std::size_t>(h * d + i)]) * keys.at(j, d, i);
            }
            sum += p[static_cast<std::size_t>(j)] = std::exp(static_cast<double>(scale) * score);
        }
        for (int j = 0; j < s.n_kv; ++j) {
            const double probability = p[static_cast<std::size_t>(j)] / sum;
            expected_mass[static_cast<std::size_t>(j)] += probability / s.n_head;
            for (int i = 0; i < d; ++i) {
                expected_out[static_cast<std::size_t>(h * d + i)] +=
                    probability * values.at(j, d, i);
            }
        }
    }
    EXPECT_LT(normalized_error(out, expected_out), 1e-10);
    EXPECT_LT(normalized_error(mass, expected_mass), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(
    TypesAndShapes, SingleQueryOf,
    testing::Combine(testing::Values(GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0),
                     testing::Values(Shape{64, 8, 200}, Shape{32, 1, 1}, Shape{96, 3, 64},
                                     Shape{128, 12, 65}, Shape{256, 16, 33})));

}  // namespace
}  // namespace infinipot
