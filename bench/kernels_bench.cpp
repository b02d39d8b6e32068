// Our kernels beside ggml's operations on the same numbers: GMAC/s, and the GB/s of weights or
// entries read. One thread is measured in CPU time, which means something on a machine that others
// use too; two threads wait for each other and are measured in real time. Compare medians of one
// run:
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=9.
#include <benchmark/benchmark.h>
#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "tensor/backend.h"
#include "tensor/handles.h"
#include "tensor/kernels/attention.h"
#include "tensor/kernels/matmul.h"

namespace infinipot {
namespace {

/// Several copies of one computation, together too large for a core's cache, run in turn: what is
/// read once per token comes from memory in life too.
class Copies {
   public:
    template <typename MakeOutput>
    Copies(int n_threads, std::int64_t bytes_each, MakeOutput make_output) : backend_(n_threads) {
        const auto n = std::max<std::int64_t>(1, (std::int64_t{512} << 20) / bytes_each);
        for (std::int64_t i = 0; i < n; ++i) {
            const auto size = static_cast<std::size_t>(bytes_each) + (1 << 20);
            contexts_.emplace_back(ggml_init({size, nullptr, false}));
            graphs_.push_back(ggml_new_graph(contexts_.back().get()));
            ggml_build_forward_expand(graphs_.back(), make_output(contexts_.back().get()));
        }
        backend_.compute(graphs_.front());
    }

    void run_next() { backend_.compute(graphs_[next_++ % graphs_.size()]); }

   private:
    Backend backend_;
    std::vector<ContextHandle> contexts_;
    std::vector<ggml_cgraph*> graphs_;
    std::size_t next_ = 0;
};

void measure(benchmark::State& state, Copies& copies, double n_mac, double n_bytes) {
    for (auto _ : state) copies.run_next();
    using benchmark::Counter;
    state.counters["GMAC/s"] = Counter(n_mac * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["GB/s"] = Counter(n_bytes * 1e-9, Counter::kIsIterationInvariantRate);
}

ggml_tensor* random_tensor(ggml_context* ctx, ggml_type type, std::int64_t ne0, std::int64_t ne1,
                           std::int64_t ne2 = 1) {
    static std::minstd_rand random(1);
    ggml_tensor* tensor = ggml_new_tensor_3d(ctx, type, ne0, ne1, ne2);
    std::vector<float> numbers(static_cast<std::size_t>(ggml_nelements(tensor)));
    for (float& number : numbers) number = static_cast<float>(random() % 4001) / 1000 - 2;
    ggml_quantize_chunk(type, numbers.data(), tensor->data, 0, ne1 * ne2, ne0, nullptr);
    return tensor;
}

void matmul(benchmark::State& state, ggml_type type, bool ours) {
    const std::int64_t n_in = state.range(0), n_out = state.range(1), n_tokens = state.range(2);
    if (!kernels::matmul_supported(type, n_in, n_out))
        return state.SkipWithError("unsupported CPU");
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* x = random_tensor(ctx, GGML_TYPE_F32, n_in, n_tokens);
        ggml_tensor* w = random_tensor(ctx, type, n_in, n_out);
        if (!ours) return ggml_mul_mat(ctx, w, x);
        const auto n_bytes = static_cast<std::int64_t>(kernels::packed_bytes(type, n_in, n_out));
        ggml_tensor* packed = ggml_new_tensor_1d(ctx, GGML_TYPE_I8, n_bytes);
        kernels::pack(type, w->data, n_in, n_out, packed->data);
        return kernels::matmul(ctx, type, packed, kernels::quantize_rows(ctx, type, x), n_in,
                               n_out);
    };
    Copies copies(static_cast<int>(state.range(3)),
                  n_in * n_out * 3 + (n_in + n_out) * n_tokens * 8, make_output);
    const auto n_weights = static_cast<double>(n_in * n_out);
    measure(state, copies, n_weights * static_cast<double>(n_tokens),
            static_cast<double>(ggml_row_size(type, n_in)) * static_cast<double>(n_out));
}

void attend(benchmark::State& state, bool ours) {
    const std::int64_t d = state.range(0), n_head = state.range(1), n_head_kv = state.range(2);
    const std::int64_t n_tokens = state.range(3), n_kv = state.range(4);
    if (!kernels::attention_supported(GGML_TYPE_F16, static_cast<int>(d)))
        return state.SkipWithError("unsupported CPU");
    const float scale = 1 / std::sqrt(static_cast<float>(d));
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* q = random_tensor(ctx, GGML_TYPE_F32, d, n_head, n_tokens);
        ggml_tensor* k = random_tensor(ctx, GGML_TYPE_F16, d, n_kv, n_head_kv);
        ggml_tensor* v = random_tensor(ctx, GGML_TYPE_F16, d, n_kv, n_head_kv);
        if (ours) return kernels::attention(ctx, q, k, v, scale);
        ggml_tensor* mask = ggml_new_tensor_2d(ctx, GGML_TYPE_F16, n_kv, n_tokens);
        for (std::int64_t i = 0; i < n_kv * n_tokens; ++i) {
            const bool visible = i % n_kv <= n_kv - n_tokens + i / n_kv;
            static_cast<ggml_fp16_t*>(mask->data)[i] =
                ggml_fp32_to_fp16(visible ? 0 : -std::numeric_limits<float>::infinity());
        }
        return ggml_flash_attn_ext(ctx, ggml_permute(ctx, q, 0, 2, 1, 3), k, v, mask, scale, 0, 0);
    };
    Copies copies(static_cast<int>(state.range(5)),
                  d * n_head * n_tokens * 24 + d * n_kv * n_head_kv * 4 + n_kv * n_tokens * 2,
                  make_output);
    const std::int64_t n_pairs = n_tokens * n_kv - n_tokens * (n_tokens - 1) / 2;
    measure(state, copies, 2 * static_cast<double>(d * n_head * n_pairs),
            4 * static_cast<double>(d * n_kv * n_head_kv));
}

/// The matrices of TinyLlama-1.1B, for a chunk, a few tokens and one.
template <std::int64_t n_threads>
void matmul_shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"n_in", "n_out", "T", "threads"});
    for (const std::int64_t n_tokens : {512, 64, 4, 1}) {
        bench->Args({2048, 2048, n_tokens, n_threads});
        bench->Args({2048, 5632, n_tokens, n_threads});
        bench->Args({5632, 2048, n_tokens, n_threads});
    }
    bench->Args({2048, 256, 512, n_threads});
    bench->Args({2048, 32000, 1, n_threads});
}

/// TinyLlama-1.1B, SmolLM2-135M and Llama-3-8B: a chunk and one token.
template <std::int64_t n_threads>
void attention_shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"d", "H", "Hk", "T", "n_kv", "threads"});
    for (const std::int64_t n_tokens : {512, 1}) {
        for (const std::int64_t n_kv : {512, 2048, 4096})
            bench->Args({64, 32, 4, n_tokens, n_kv, n_threads});
        bench->Args({64, 9, 3, n_tokens, 4096, n_threads});
        bench->Args({128, 32, 8, n_tokens, 4096, n_threads});
    }
}

BENCHMARK_CAPTURE(matmul, q8_0_ggml, GGML_TYPE_Q8_0, false)->Apply(matmul_shapes<1>);
BENCHMARK_CAPTURE(matmul, q8_0_ours, GGML_TYPE_Q8_0, true)->Apply(matmul_shapes<1>);
BENCHMARK_CAPTURE(matmul, q8_0_ggml, GGML_TYPE_Q8_0, false)->Apply(matmul_shapes<2>)->UseRealTime();
BENCHMARK_CAPTURE(matmul, q8_0_ours, GGML_TYPE_Q8_0, true)->Apply(matmul_shapes<2>)->UseRealTime();
BENCHMARK_CAPTURE(matmul, q4_0_ggml, GGML_TYPE_Q4_0, false)->Apply(matmul_shapes<1>);
BENCHMARK_CAPTURE(matmul, q4_0_ours, GGML_TYPE_Q4_0, true)->Apply(matmul_shapes<1>);
BENCHMARK_CAPTURE(matmul, q4_0_ggml, GGML_TYPE_Q4_0, false)->Apply(matmul_shapes<2>)->UseRealTime();
BENCHMARK_CAPTURE(matmul, q4_0_ours, GGML_TYPE_Q4_0, true)->Apply(matmul_shapes<2>)->UseRealTime();
BENCHMARK_CAPTURE(attend, ggml, false)->Apply(attention_shapes<1>);
BENCHMARK_CAPTURE(attend, ours, true)->Apply(attention_shapes<1>);
BENCHMARK_CAPTURE(attend, ggml, false)->Apply(attention_shapes<2>)->UseRealTime();
BENCHMARK_CAPTURE(attend, ours, true)->Apply(attention_shapes<2>)->UseRealTime();

}  // namespace
}  // namespace infinipot
