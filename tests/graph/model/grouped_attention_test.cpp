#include "model/grouped_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cache/rotation.h"
#include "model/graph_builder.h"
#include "support/kernel_test.h"
#include "tensor/workspace.h"

namespace infinipot {
namespace {

struct Shape {
    int n_embd_head, n_head, n_head_kv;
    Batch batch;
    int n_kv;  ///< at least the end of the batch
    int group, neighbours;

    std::size_t n_out() const {
        return static_cast<std::size_t>(n_embd_head * n_head * batch.n_tokens);
    }
};

void PrintTo(const Shape& s, std::ostream* out) {
    *out << s.batch.n_tokens << " tokens at " << s.batch.first_slot << ", " << s.n_head << " on "
         << s.n_head_kv << " heads, groups of " << s.group << " beyond " << s.neighbours;
}

constexpr float freq_base = 1000;

/// Queries [n_tokens][n_head][d], keys and values [n_head_kv][n_kv][d] as F16 has them.
struct Inputs {
    std::vector<float> q, k, v;

    explicit Inputs(const Shape& s)
        : q(normal_numbers(s.batch.n_tokens * s.n_head * s.n_embd_head, 1)),
          k(normal_numbers(s.n_head_kv * s.n_kv * s.n_embd_head, 2)),
          v(normal_numbers(s.n_head_kv * s.n_kv * s.n_embd_head, 3)) {
        for (float& number : q) number *= 2;
        for (auto* numbers : {&k, &v}) {
            for (float& number : *numbers) number = ggml_fp16_to_fp32(ggml_fp32_to_fp16(number));
        }
    }
};

std::vector<ggml_fp16_t> halves(const std::vector<float>& numbers) {
    std::vector<ggml_fp16_t> out(numbers.size());
    ggml_fp32_to_fp16_row(numbers.data(), out.data(), static_cast<std::int64_t>(numbers.size()));
    return out;
}

/// Returns the product of two vectors, each rotated to its own position. Neighbouring coordinates
/// rotate together.
double product_at(const float* q, int q_position, const float* k, int k_position, int d) {
    double sum = 0;
    for (int i = 0; i < d; i += 2) {
        const double angle = (q_position - k_position) *
                             std::pow(static_cast<double>(freq_base), -static_cast<double>(i) / d);
        const double q0 = q[i], q1 = q[i + 1], k0 = k[i], k1 = k[i + 1];
        sum += std::cos(angle) * (q0 * k0 + q1 * k1) + std::sin(angle) * (q0 * k1 - q1 * k0);
    }
    return sum;
}

/// The rule as the paper has it, pair by pair.
double score(const Shape& s, const float* q, int i, const float* k, int j) {
    const bool near = i - j < s.neighbours;
    const int q_position = near ? i : i / s.group + s.neighbours - s.neighbours / s.group;
    const int k_position = near ? j : j / s.group;
    return product_at(q, q_position, k, k_position, s.n_embd_head) / std::sqrt(s.n_embd_head);
}

std::vector<double> reference(const Shape& s, const Inputs& in) {
    std::vector<double> out;
    for (int t = 0; t < s.batch.n_tokens; ++t) {
        const int i = s.batch.first_slot + t;
        for (int head = 0; head < s.n_head; ++head) {
            const float* q = in.q.data() + (t * s.n_head + head) * s.n_embd_head;
            const int first = head / (s.n_head / s.n_head_kv) * s.n_kv * s.n_embd_head;
            std::vector<double> p, mixed(static_cast<std::size_t>(s.n_embd_head));
            double total = 0;
            for (int j = 0; j <= i; ++j) {
                const float* k = in.k.data() + first + j * s.n_embd_head;
                p.push_back(std::exp(score(s, q, i, k, j)));
                total += p.back();
            }
            for (int j = 0; j <= i; ++j) {
                for (int c = 0; c < s.n_embd_head; ++c) {
                    mixed[static_cast<std::size_t>(c)] +=
                        p[static_cast<std::size_t>(j)] / total *
                        static_cast<double>(
                            in.v[static_cast<std::size_t>(first + j * s.n_embd_head + c)]);
                }
            }
            out.insert(out.end(), mixed.begin(), mixed.end());
        }
    }
    return out;
}

/// As a model's graph has it: slots are positions.
std::vector<float> attend(const Shape& s, const Inputs& in) {
    SmallGraph data(32 << 20);
    const int d = s.n_embd_head;
    ggml_tensor* q = data.input(GGML_TYPE_F32, {d, s.n_head, s.batch.n_tokens}, in.q);
    ggml_tensor* k = data.input(GGML_TYPE_F16, {d, s.n_kv, s.n_head_kv}, halves(in.k));
    ggml_tensor* v = data.input(GGML_TYPE_F16, {d, s.n_kv, s.n_head_kv}, halves(in.v));
    std::vector<std::int32_t> of_queries, of_keys;
    for (int i = s.batch.first_slot; i < s.batch.end_slot(); ++i) of_queries.push_back(i);
    for (int j = 0; j < s.n_kv; ++j) of_keys.push_back(j);
    ggml_tensor* q_positions = data.input(GGML_TYPE_I32, {s.batch.n_tokens}, of_queries);
    ggml_tensor* k_positions = data.input(GGML_TYPE_I32, {s.n_kv}, of_keys);
    const Rotation rotation = {.n_rot = d, .freq_base = freq_base};

    Backend backend(2);
    constexpr std::size_t max_nodes = 64;
    Workspace workspace(backend, max_nodes);
    GroupedInputs inputs{};
    ggml_tensor *mask = nullptr, *result = nullptr;
    const auto build = [&](ggml_context* context, ggml_cgraph* graph) {
        const auto by_head = [&](ggml_tensor* x) { return ggml_permute(context, x, 0, 2, 1, 3); };
        const auto rotated_keys = [&](ggml_tensor* positions) {
            return by_head(rotation.apply(context, by_head(k), positions));
        };
        inputs = make_grouped_inputs(context, s.n_kv, s.batch.n_tokens);
        inputs.near = make_near_input(context, s.n_kv, s.batch.n_tokens);
        mask = ggml_new_tensor_2d(context, GGML_TYPE_F16, s.n_kv, s.batch.n_tokens);
        ggml_set_input(mask);
        result = grouped_attention(
            context, {.near_queries = by_head(rotation.apply(context, q, q_positions)),
                      .near_keys = rotated_keys(k_positions),
                      .far_queries = by_head(rotation.apply(context, q, inputs.query_positions)),
                      .far_keys = rotated_keys(inputs.key_positions),
                      .values = v,
                      .mask = mask,
                      .near = inputs.near,
                      .scale = 1 / std::sqrt(static_cast<float>(d))});
        ggml_set_output(result);
        ggml_build_forward_expand(graph, result);
    };
    workspace.reserve(build);
    const Workspace::Use use = workspace.prepare(build);
    set_grouped_inputs(s.batch, Positions::in_groups(s.group, s.neighbours), inputs);
    std::vector<ggml_fp16_t> scratch;
    set_causal_mask(s.batch, 0, mask, scratch);
    workspace.compute();
    EXPECT_EQ(result->ne[0], d * s.n_head);
    EXPECT_EQ(result->ne[1], s.batch.n_tokens);
    std::vector<float> out(s.n_out());
    ggml_backend_tensor_get(result, out.data(), 0, ggml_nbytes(result));
    return out;
}

class GroupedAttention : public testing::TestWithParam<Shape> {};

TEST_P(GroupedAttention, Equals_a_softmax_over_pairs_with_grouped_positions) {
    const Inputs inputs(GetParam());
    EXPECT_LT(normalized_error(attend(GetParam(), inputs), reference(GetParam(), inputs)), 1e-5);
}

// Heads' size, heads, KV heads; first slot, tokens; slots; group, neighbours.
INSTANTIATE_TEST_SUITE_P(
    Shapes, GroupedAttention,
    testing::Values(Shape{32, 2, 2, {0, 1}, 1, 4, 8},          // one token
                    Shape{32, 4, 2, {0, 40}, 40, 4, 8},        // the group divides the neighbours
                    Shape{32, 4, 2, {60, 20}, 96, 4, 8},       // slots beyond the batch are masked
                    Shape{32, 4, 1, {50, 13}, 63, 3, 8},       // it does not divide them
                    Shape{32, 6, 2, {33, 30}, 64, 8, 5},       // groups larger than the neighbours
                    Shape{32, 4, 4, {90, 1}, 91, 5, 16},       // a token that is generated
                    Shape{32, 4, 2, {20, 20}, 40, 4, 1000},    // neighbours alone
                    Shape{32, 4, 2, {20, 20}, 40, 1, 7},       // groups of one: exact throughout
                    Shape{64, 8, 2, {100, 50}, 160, 16, 1}));  // only itself is a neighbour

TEST(GroupedPositions, Divide_by_the_group_and_shift_to_follow_the_neighbours) {
    Backend backend(1);
    constexpr std::size_t max_nodes = 16;
    Workspace workspace(backend, max_nodes);
    GroupedInputs inputs{};
    const auto build = [&](ggml_context* context, ggml_cgraph* graph) {
        inputs = make_grouped_inputs(context, 12, 3);
        inputs.near = make_near_input(context, 12, 3);
        for (ggml_tensor* input : {inputs.query_positions, inputs.key_positions, inputs.near}) {
            ggml_build_forward_expand(graph, ggml_dup(context, input));
        }
    };
    workspace.reserve(build);
    const Workspace::Use use = workspace.prepare(build);
    set_grouped_inputs({.first_slot = 8, .n_tokens = 3}, Positions::in_groups(3, 5), inputs);
    std::vector<std::int32_t> of_queries(3), of_keys(12);
    std::vector<float> near(36);
    ggml_backend_tensor_get(inputs.query_positions, of_queries.data(), 0, 3 * 4);
    ggml_backend_tensor_get(inputs.key_positions, of_keys.data(), 0, 12 * 4);
    ggml_backend_tensor_get(inputs.near, near.data(), 0, 36 * 4);
    // 8, 9, 10 by 3, and 5 - 5 / 3 = 4 more.
    EXPECT_EQ(of_queries, (std::vector<std::int32_t>{6, 7, 7}));
    EXPECT_EQ(of_keys, (std::vector<std::int32_t>{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}));
    // The query at 8 has the five neighbours 4 to 8; what comes after it is masked.
    EXPECT_EQ(std::vector<float>(near.begin(), near.begin() + 12),
              (std::vector<float>{0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}));
    EXPECT_EQ(std::vector<float>(near.begin() + 24, near.end()),
              (std::vector<float>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}));
}

TEST(GroupedBatch, Takes_at_most_the_tokens_whose_scores_fit_into_16_MiB) {
    EXPECT_EQ(grouped_batch_tokens(4096, 32), 32);
    EXPECT_EQ(grouped_batch_tokens(4097, 32), 31);
    EXPECT_EQ(grouped_batch_tokens(131072, 32), 1);
    EXPECT_EQ(grouped_batch_tokens(1 << 20, 128), 1) << "but one";
}

}  // namespace
}  // namespace infinipot
