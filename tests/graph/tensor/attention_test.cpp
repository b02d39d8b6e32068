#include "tensor/kernels/attention/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "support/kernel_test.h"
#include "tensor/kernels/simd/cpu.h"

namespace infinipot {
namespace {

using kernels::attention;
using kernels::attention_supported;
using kernels::joint_attention;

struct Shape {
    std::int64_t n_embd_head, n_head, n_head_kv, n_tokens, n_kv;

    std::int64_t n_embd() const { return n_embd_head * n_head; }
    std::int64_t n_cached() const { return n_embd_head * n_kv * n_head_kv; }
    float scale() const { return 1 / std::sqrt(static_cast<float>(n_embd_head)); }
    std::int64_t bytes() const {
        return n_embd() * n_tokens * 256 + n_cached() * 32 + n_kv * n_tokens * 2;
    }
};

void PrintTo(const Shape& s, std::ostream* out) {
    *out << s.n_head << " heads of " << s.n_embd_head << ", " << s.n_head_kv << " KV heads, "
         << s.n_tokens << " tokens, " << s.n_kv << " entries";
}

std::vector<ggml_fp16_t> halves(const std::vector<float>& numbers) {
    std::vector<ggml_fp16_t> out;
    for (const float number : numbers) out.push_back(ggml_fp32_to_fp16(number));
    return out;
}

/// Queries [T][n_head][n_embd_head], keys and values [n_head_kv][n_kv][n_embd_head].
struct Inputs {
    std::vector<float> q, k, v;
    std::vector<float> sinks = {};  ///< [n_head]; empty: none

    /// Returns the same with sinks, some of which outweigh all entries.
    Inputs with_sinks(const Shape& s) const {
        Inputs out = *this;
        out.sinks = normal_numbers(s.n_head, 4);
        for (float& sink : out.sinks) sink *= 8;
        return out;
    }

    static Inputs random(const Shape& s) {
        Inputs in{normal_numbers(s.n_embd() * s.n_tokens, 1),
                  normal_numbers(s.n_cached(), 2),
                  normal_numbers(s.n_cached(), 3),
                  {}};
        for (float& number : in.q) number *= 1.5f;
        return in;
    }

    /// Keys and values as they are once they have been stored in F16.
    Inputs stored() const {
        Inputs out = *this;
        for (auto* numbers : {&out.k, &out.v}) {
            for (float& number : *numbers) number = ggml_fp16_to_fp32(ggml_fp32_to_fp16(number));
        }
        return out;
    }
};

/// Keys that a query meets instead of the others where they are `distance` before it or more.
struct FarKeys {
    std::vector<float> k = {};
    std::int64_t distance = std::numeric_limits<std::int64_t>::max();
};

/// Attention of one query head of one token in double precision.
void attend(const Shape& s, const Inputs& in, const FarKeys& far, std::int64_t token,
            std::int64_t head, double* out) {
    const float* q = in.q.data() + (token * s.n_head + head) * s.n_embd_head;
    const std::int64_t first = head / (s.n_head / s.n_head_kv) * s.n_kv * s.n_embd_head;
    std::vector<double> scores;
    const std::int64_t own = s.n_kv - s.n_tokens + token;
    for (std::int64_t j = 0; j <= own; ++j) {
        const std::vector<float>& keys = own - j < far.distance ? in.k : far.k;
        const float* k = keys.data() + first + j * s.n_embd_head;
        double dot = 0;
        for (std::int64_t i = 0; i < s.n_embd_head; ++i) {
            dot += static_cast<double>(q[i]) * static_cast<double>(k[i]);
        }
        scores.push_back(dot * static_cast<double>(s.scale()));
    }
    const double max = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& score : scores) sum += score = std::exp(score - max);
    if (!in.sinks.empty())
        sum += std::exp(static_cast<double>(in.sinks[static_cast<std::size_t>(head)]) - max);
    std::fill_n(out, s.n_embd_head, 0.0);
    const float* v = in.v.data() + first;
    for (const double score : scores) {
        for (std::int64_t i = 0; i < s.n_embd_head; ++i) {
            out[i] += score / sum * static_cast<double>(*v++);
        }
    }
}

std::vector<double> reference(const Shape& s, const Inputs& in, const FarKeys& far = {}) {
    std::vector<double> out(static_cast<std::size_t>(s.n_embd() * s.n_tokens));
    for (std::int64_t t = 0; t < s.n_tokens; ++t) {
        for (std::int64_t h = 0; h < s.n_head; ++h) {
            attend(s, in, far, t, h, out.data() + (t * s.n_head + h) * s.n_embd_head);
        }
    }
    return out;
}

class AttentionGraph : public SmallGraph {
   public:
    AttentionGraph(const Shape& s, const Inputs& in)
        : SmallGraph(s.bytes()),
          shape_(s),
          q_(input(GGML_TYPE_F32, {s.n_embd_head, s.n_head, s.n_tokens}, in.q)),
          k_(input(GGML_TYPE_F16, {s.n_embd_head, s.n_kv, s.n_head_kv}, halves(in.k))),
          v_(input(GGML_TYPE_F16, {s.n_embd_head, s.n_kv, s.n_head_kv}, halves(in.v))),
          sinks_(in.sinks.empty() ? nullptr : input(GGML_TYPE_F32, {s.n_head}, in.sinks)) {}

    std::vector<float> ours(int n_threads) {
        return compute(attention(context(), q_, k_, v_, shape_.scale(), {}, sinks_), n_threads);
    }

    /// The inputs' keys within so many entries before a query, and others beyond.
    std::vector<float> joint(const FarKeys& far, int n_threads) {
        ggml_tensor* k = input(GGML_TYPE_F16, {k_->ne[0], k_->ne[1], k_->ne[2]}, halves(far.k));
        const auto distance = static_cast<int>(far.distance);
        return compute(joint_attention(context(), {q_, k, v_, {.skip = distance}},
                                       {q_, k_, v_, {.window = distance}}, shape_.scale(), sinks_),
                       n_threads);
    }

    std::vector<float> ggmls() {
        std::vector<float> mask;
        for (std::int64_t t = 0; t < shape_.n_tokens; ++t) {
            for (std::int64_t j = 0; j < shape_.n_kv; ++j) {
                const bool visible = j <= shape_.n_kv - shape_.n_tokens + t;
                mask.push_back(visible ? 0 : -std::numeric_limits<float>::infinity());
            }
        }
        return compute(
            ggml_flash_attn_ext(context(), ggml_permute(context(), q_, 0, 2, 1, 3), k_, v_,
                                input(GGML_TYPE_F16, {shape_.n_kv, shape_.n_tokens}, halves(mask)),
                                shape_.scale(), 0, 0),
            1);
    }

   private:
    Shape shape_;
    ggml_tensor *q_, *k_, *v_, *sinks_;
};

bool multiplies_bf16() { return kernels::cpu() >= kernels::Cpu::amx; }

/// Returns the largest normalized error. AMX multiplies numbers of BF16.
double tolerance() { return multiplies_bf16() ? 3e-5 : 3e-7; }

class Attention : public testing::Test {
   protected:
    void SetUp() override {
        if (!attention_supported(GGML_TYPE_F16, 64)) GTEST_SKIP() << "this CPU has no kernel";
    }
};

class AttentionOfShape : public Attention, public testing::WithParamInterface<Shape> {};

TEST_P(AttentionOfShape, Equals_ggml_and_plain_arithmetic_for_any_number_of_threads) {
    const Inputs inputs = Inputs::random(GetParam()).stored();
    AttentionGraph graph(GetParam(), inputs);

    const std::vector<float> ours = graph.ours(1);

    EXPECT_LT(normalized_error(ours, reference(GetParam(), inputs)), tolerance());
    EXPECT_LT(normalized_error(ours, graph.ggmls()), 1e-3);  // ggml sums in F16 for single tokens
    EXPECT_EQ(graph.ours(2), ours);
    EXPECT_EQ(graph.ours(3), ours);
}

TEST_P(AttentionOfShape, Equals_plain_arithmetic_with_sinks) {
    const Inputs inputs = Inputs::random(GetParam()).stored().with_sinks(GetParam());
    AttentionGraph graph(GetParam(), inputs);
    EXPECT_LT(normalized_error(graph.ours(2), reference(GetParam(), inputs)), tolerance());
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionOfShape,
    testing::Values(Shape{64, 1, 1, 1, 1}, Shape{64, 4, 4, 1, 63}, Shape{64, 4, 4, 2, 65},
                    Shape{64, 8, 2, 3, 64}, Shape{64, 8, 1, 5, 129}, Shape{64, 32, 4, 1, 511},
                    Shape{64, 32, 4, 1, 1537}, Shape{64, 9, 3, 1, 2048}, Shape{64, 9, 3, 8, 1000},
                    Shape{64, 9, 3, 17, 17}, Shape{64, 32, 4, 16, 77}, Shape{64, 8, 1, 64, 64},
                    Shape{64, 8, 2, 64, 1111}, Shape{64, 4, 4, 511, 640}, Shape{64, 8, 1, 512, 512},
                    Shape{32, 4, 2, 33, 99}, Shape{48, 3, 1, 7, 70}, Shape{80, 4, 4, 13, 301},
                    Shape{96, 4, 1, 40, 800}, Shape{112, 2, 1, 9, 600}, Shape{128, 8, 2, 1, 777},
                    Shape{128, 8, 2, 100, 333}, Shape{256, 4, 2, 70, 130}, Shape{256, 8, 1, 2, 555},
                    Shape{64, 71, 1, 6, 20}));

class JointAttention : public Attention,
                       public testing::WithParamInterface<std::tuple<Shape, int>> {};

TEST_P(JointAttention, Equals_plain_arithmetic_with_other_keys_for_distant_entries) {
    const auto& [shape, distance] = GetParam();
    const Inputs inputs = Inputs::random(shape).stored();
    Inputs others = inputs;
    others.k = normal_numbers(shape.n_cached(), 4);
    const FarKeys far{others.stored().k, distance};
    for (const Inputs& in : {inputs, inputs.with_sinks(shape)}) {
        const std::vector<double> expected = reference(shape, in, far);
        AttentionGraph graph(shape, in);
        for (const int n_threads : {1, 3})
            EXPECT_LT(normalized_error(graph.joint(far, n_threads), expected), tolerance());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, JointAttention,
    testing::Combine(testing::Values(Shape{64, 8, 2, 1, 1}, Shape{64, 32, 4, 1, 1537},
                                     Shape{64, 8, 2, 3, 64}, Shape{64, 8, 1, 64, 64},
                                     Shape{64, 9, 3, 17, 300}, Shape{96, 4, 1, 40, 800},
                                     Shape{32, 4, 2, 200, 520}),
                     testing::Values(1, 7, 64, 100, 512, 5000)));

/// ggml's own round trip.
std::vector<float> through(ggml_type type, const std::vector<float>& numbers, std::int64_t n_row,
                           std::vector<char>& stored) {
    const auto n = static_cast<std::int64_t>(numbers.size());
    stored.resize(ggml_row_size(type, n));
    ggml_quantize_chunk(type, numbers.data(), stored.data(), 0, n / n_row, n_row, nullptr);
    std::vector<float> out(numbers.size());
    ggml_get_type_traits(type)->to_float(stored.data(), out.data(), n);
    return out;
}

class AttentionToType : public Attention, public testing::WithParamInterface<ggml_type> {};

TEST_P(AttentionToType, Equals_plain_arithmetic_on_the_rounded_keys_and_values) {
    for (const Shape s : {Shape{64, 8, 2, 1, 600}, Shape{96, 4, 2, 37, 333}}) {
        Inputs inputs = Inputs::random(s);
        std::vector<char> keys, values;
        inputs.k = through(GetParam(), inputs.k, s.n_embd_head, keys);
        inputs.v = through(GetParam(), inputs.v, s.n_embd_head, values);
        SmallGraph graph(s.bytes());
        ggml_tensor* q =
            graph.input(GGML_TYPE_F32, {s.n_embd_head, s.n_head, s.n_tokens}, inputs.q);
        ggml_tensor* k = graph.input(GetParam(), {s.n_embd_head, s.n_kv, s.n_head_kv}, keys);
        ggml_tensor* v = graph.input(GetParam(), {s.n_embd_head, s.n_kv, s.n_head_kv}, values);

        const std::vector<float> out =
            graph.compute(attention(graph.context(), q, k, v, s.scale()), 2);

        EXPECT_LT(normalized_error(out, reference(s, inputs)), tolerance());
    }
}

INSTANTIATE_TEST_SUITE_P(Types, AttentionToType,
                         testing::Values(GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0,
                                         GGML_TYPE_Q4_0),
                         [](const auto& type) { return ggml_type_name(type.param); });

TEST_F(Attention, Errs_less_than_rounding_keys_and_values_to_F16_does) {
    if (multiplies_bf16()) GTEST_SKIP() << "AMX errs more";
    const Shape s{64, 8, 2, 9, 1000};
    const Inputs plain = Inputs::random(s);
    Inputs with_outliers = plain;  // one element of all keys far off, as in models with biases
    for (std::size_t i = 5; i < with_outliers.k.size(); i += 64) with_outliers.k[i] += 100;
    Inputs sharp = plain;
    for (float& number : sharp.q) number *= 10;
    for (const Inputs& inputs : {plain, with_outliers, sharp}) {
        const std::vector<double> exact = reference(s, inputs.stored());
        const double f16_error = normalized_error(reference(s, inputs), exact);
        EXPECT_LT(normalized_error(AttentionGraph(s, inputs).ours(1), exact), f16_error);
    }
}

TEST_F(Attention, Gives_a_token_the_same_result_in_every_batch) {
    const Shape all{64, 8, 2, 40, 300};
    const Inputs inputs = Inputs::random(all).stored();
    const std::vector<float> together = AttentionGraph(all, inputs).ours(2);

    for (const std::int64_t first : {1, 7, 39}) {
        Shape early = all;
        early.n_tokens = first;
        early.n_kv = all.n_kv - all.n_tokens + first;
        Inputs early_inputs{{inputs.q.begin(), inputs.q.begin() + all.n_embd() * first}, {}, {}};
        for (std::int64_t h = 0; h < all.n_head_kv; ++h) {
            const auto copy = [&](const std::vector<float>& from, std::vector<float>& to) {
                const auto head = from.begin() + h * all.n_kv * all.n_embd_head;
                to.insert(to.end(), head, head + early.n_kv * all.n_embd_head);
            };
            copy(inputs.k, early_inputs.k);
            copy(inputs.v, early_inputs.v);
        }
        Shape late = all;
        late.n_tokens = all.n_tokens - first;
        const Inputs late_inputs{
            {inputs.q.begin() + all.n_embd() * first, inputs.q.end()}, inputs.k, inputs.v};

        std::vector<float> apart = AttentionGraph(early, early_inputs).ours(2);
        const std::vector<float> rest = AttentionGraph(late, late_inputs).ours(2);

        apart.insert(apart.end(), rest.begin(), rest.end());
        EXPECT_LT(normalized_error(apart, together), tolerance() / 3) << "split after " << first;
    }
}

TEST_F(Attention, Reads_a_cache_larger_than_its_entries_and_queries_in_any_order) {
    const Shape s{64, 8, 2, 5, 70};
    const std::int64_t capacity = 128;
    const Inputs inputs = Inputs::random(s).stored();
    SmallGraph graph(s.bytes());
    ggml_context* ctx = graph.context();
    const auto in_pot = [&](const std::vector<float>& entries) {
        std::vector<float> pot;
        for (std::int64_t h = 0; h < s.n_head_kv; ++h) {
            const auto head = entries.begin() + h * s.n_kv * s.n_embd_head;
            pot.insert(pot.end(), head, head + s.n_kv * s.n_embd_head);
            pot.resize(static_cast<std::size_t>((h + 1) * capacity * s.n_embd_head),
                       std::numeric_limits<float>::quiet_NaN());  // must not be seen
        }
        ggml_tensor* whole =
            graph.input(GGML_TYPE_F16, {s.n_embd_head, capacity, s.n_head_kv}, halves(pot));
        return ggml_view_3d(ctx, whole, s.n_embd_head, s.n_kv, s.n_head_kv, whole->nb[1],
                            whole->nb[2], 0);
    };
    ggml_tensor* q = graph.input(GGML_TYPE_F32, {s.n_embd_head, s.n_head, s.n_tokens}, inputs.q);
    ggml_tensor* by_head = ggml_cont(ctx, ggml_permute(ctx, q, 0, 2, 1, 3));  // [d, T, n_head]

    const std::vector<float> out =
        graph.compute(attention(ctx, ggml_permute(ctx, by_head, 0, 2, 1, 3), in_pot(inputs.k),
                                in_pot(inputs.v), s.scale()),
                      1);

    EXPECT_LT(normalized_error(out, reference(s, inputs)), tolerance());
}

TEST_F(Attention, Follows_scores_that_grow_from_entry_to_entry_without_bound) {
    const Shape s{64, 4, 2, 3, 400};
    Inputs inputs = Inputs::random(s);
    for (std::size_t i = 0; i < inputs.k.size(); ++i) {
        inputs.k[i] *= static_cast<float>(i / 64 % 400);  // scores of up to 5000
    }
    inputs = inputs.stored();
    EXPECT_LT(normalized_error(AttentionGraph(s, inputs).ours(1), reference(s, inputs)), 1e-3);
}

TEST_F(Attention, Equal_keys_give_the_mean_of_the_values) {
    const Shape s{32, 2, 1, 1, 1000};
    Inputs inputs = Inputs::random(s).stored();
    std::fill(inputs.k.begin(), inputs.k.end(), 0.5f);
    std::vector<double> mean(static_cast<std::size_t>(s.n_embd()));
    for (std::size_t i = 0; i < inputs.v.size(); ++i) {
        for (std::size_t head : {0U, 32U}) {
            mean[head + i % 32] += static_cast<double>(inputs.v[i]) / static_cast<double>(s.n_kv);
        }
    }
    EXPECT_LT(normalized_error(AttentionGraph(s, inputs).ours(1), mean), 1e-6);
}

TEST_F(Attention, Zero_queries_keys_and_values_give_zero) {
    const Shape s{64, 2, 1, 2, 70};
    Inputs inputs = Inputs::random(s);
    for (auto* numbers : {&inputs.q, &inputs.k, &inputs.v}) {
        std::fill(numbers->begin(), numbers->end(), 0.0f);
    }
    EXPECT_EQ(AttentionGraph(s, inputs).ours(1), std::vector<float>(2 * 128));
}

TEST_F(Attention, An_infinite_key_makes_the_result_not_finite) {
    for (const std::int64_t n_tokens : {1, 2}) {
        const Shape s{64, 2, 1, n_tokens, 70};
        Inputs inputs = Inputs::random(s);
        inputs.k[64 * 30] = std::numeric_limits<float>::infinity();
        for (const float number : AttentionGraph(s, inputs).ours(1))
            EXPECT_FALSE(std::isfinite(number));
    }
}

TEST_F(Attention, Supports_head_sizes_that_are_multiples_of_16_from_32_to_256) {
    for (const int size : {32, 48, 64, 80, 96, 128, 192, 256}) {
        EXPECT_TRUE(attention_supported(GGML_TYPE_F16, size));
    }
    for (const int size : {0, 16, 40, 72, 272, 512})
        EXPECT_FALSE(attention_supported(GGML_TYPE_F16, size));
    EXPECT_TRUE(attention_supported(GGML_TYPE_F16, 32, 512));
    EXPECT_FALSE(attention_supported(GGML_TYPE_F16, 32, 513))
        << "more query heads than its scratch takes";
    EXPECT_TRUE(attention_supported(GGML_TYPE_Q4_0, 96));
    EXPECT_FALSE(attention_supported(GGML_TYPE_Q4_0, 80)) << "not whole blocks";
    EXPECT_FALSE(attention_supported(GGML_TYPE_F32, 64));
}

}  // namespace
}  // namespace infinipot
