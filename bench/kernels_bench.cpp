// Compares our kernels with ggml's operations on the same numbers, in GMAC/s and in GB/s of weights
// or entries read. The first lines show the speed of this machine, measured on one and on two
// threads. One thread is measured in CPU time, which other programs on the machine hardly change.
// Two threads wait for each other and are measured in real time. Compare medians of one run:
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=9.
#include <benchmark/benchmark.h>
#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "eval/bench/machine.h"
#include "tensor/backend.h"
#include "tensor/device.h"
#include "tensor/handles.h"
#include "tensor/kernels/attention/attention.h"
#include "tensor/kernels/attention/observed_attention.h"
#include "tensor/kernels/attention/single_query.h"
#include "tensor/kernels/hadamard.h"
#include "tensor/kernels/matmul/matmul.h"
#include "tensor/kernels/rotate/rotate.h"

namespace infinipot {
namespace {

/// Runs several copies of one computation in turn. Together they exceed a core's cache, so that
/// data that a model reads once per token comes from memory here too.
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

/// Reports billions per second of something of which an iteration has `n`.
void count(benchmark::State& state, const std::string& what, double n) {
    using benchmark::Counter;
    state.counters[what] = Counter(n * 1e-9, Counter::kIsIterationInvariantRate);
}

void measure(benchmark::State& state, Copies& copies, double n_mac, double n_bytes) {
    for (auto _ : state) copies.run_next();
    count(state, "GMAC/s", n_mac);
    count(state, "GB/s", n_bytes);
}

ggml_tensor* random_tensor(ggml_context* ctx, ggml_type type, std::int64_t ne0, std::int64_t ne1,
                           std::int64_t ne2 = 1) {
    ggml_tensor* tensor = ggml_new_tensor_3d(ctx, type, ne0, ne1, ne2);
    static std::minstd_rand random(1);
    std::vector<float> numbers(static_cast<std::size_t>(ggml_nelements(tensor)));
    for (float& number : numbers) number = static_cast<float>(random() % 4001) / 1000 - 2;
    ggml_quantize_chunk(type, numbers.data(), tensor->data, 0, ne1 * ne2, ne0, nullptr);
    return tensor;
}

/// A matrix in the layout that ggml prefers for it: the first of the CPU's own buffer types.
class Repacked {
   public:
    ggml_tensor* matrix(const ggml_tensor* w) {
        ContextHandle context = make_description_context(1);
        ggml_tensor* copy = ggml_new_tensor_2d(context.get(), w->type, w->ne[0], w->ne[1]);
        buffers_.push_back(
            allocate_tensors(context.get(), cpu_weight_buffer_types().at(0), "a matrix"));
        ggml_backend_tensor_set(copy, w->data, 0, ggml_nbytes(w));
        contexts_.push_back(std::move(context));
        return copy;
    }

   private:
    std::vector<ContextHandle> contexts_;
    std::vector<BufferHandle> buffers_;
};

enum class Layout { plain, repacked, ours };

void matmul(benchmark::State& state, ggml_type type, Layout layout) {
    const std::int64_t n_in = state.range(0), n_out = state.range(1), n_tokens = state.range(2);
    if (!kernels::matmul_supported(type, n_in, n_out))
        return state.SkipWithError("unsupported CPU");
    if (layout == Layout::repacked && cpu_weight_buffer_types().empty())
        return state.SkipWithError("ggml has no layout of its own here");
    Repacked repacked;
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* x = random_tensor(ctx, GGML_TYPE_F32, n_in, n_tokens);
        ggml_tensor* w = random_tensor(ctx, type, n_in, n_out);
        if (layout == Layout::plain) return ggml_mul_mat(ctx, w, x);
        if (layout == Layout::repacked) return ggml_mul_mat(ctx, repacked.matrix(w), x);
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

/// Shape of attention with n_tokens queries, of which the last sees all n_kv entries.
struct AttentionShape {
    explicit AttentionShape(const benchmark::State& state)
        : d(state.range(0)),
          n_head(state.range(1)),
          n_head_kv(state.range(2)),
          n_tokens(state.range(3)),
          n_kv(state.range(4)) {}

    double n_mac() const {
        const std::int64_t n_pairs = n_tokens * n_kv - n_tokens * (n_tokens - 1) / 2;
        return 2 * static_cast<double>(d * n_head * n_pairs);
    }
    double entry_bytes(ggml_type type) const {
        return 2 * static_cast<double>(ggml_row_size(type, d)) *
               static_cast<double>(n_kv * n_head_kv);
    }
    std::int64_t tensor_bytes() const {
        return d * n_head * n_tokens * 24 + d * n_kv * n_head_kv * 4;
    }

    std::int64_t d, n_head, n_head_kv, n_tokens, n_kv;
};

void attend(benchmark::State& state, ggml_type type, bool ours) {
    const AttentionShape shape(state);
    if (!kernels::attention_supported(type, static_cast<int>(shape.d)))
        return state.SkipWithError("unsupported CPU");
    const float scale = 1 / std::sqrt(static_cast<float>(shape.d));
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* q = random_tensor(ctx, GGML_TYPE_F32, shape.d, shape.n_head, shape.n_tokens);
        ggml_tensor* k = random_tensor(ctx, type, shape.d, shape.n_kv, shape.n_head_kv);
        ggml_tensor* v = random_tensor(ctx, type, shape.d, shape.n_kv, shape.n_head_kv);
        if (ours) return kernels::attention(ctx, q, k, v, scale);
        ggml_tensor* mask = ggml_new_tensor_2d(ctx, GGML_TYPE_F16, shape.n_kv, shape.n_tokens);
        for (std::int64_t i = 0; i < shape.n_kv * shape.n_tokens; ++i) {
            const bool visible = i % shape.n_kv <= shape.n_kv - shape.n_tokens + i / shape.n_kv;
            static_cast<ggml_fp16_t*>(mask->data)[i] =
                ggml_fp32_to_fp16(visible ? 0 : -std::numeric_limits<float>::infinity());
        }
        return ggml_flash_attn_ext(ctx, ggml_permute(ctx, q, 0, 2, 1, 3), k, v, mask, scale, 0, 0);
    };
    Copies copies(static_cast<int>(state.range(5)),
                  shape.tensor_bytes() + shape.n_kv * shape.n_tokens * 2, make_output);
    measure(state, copies, shape.n_mac(), shape.entry_bytes(type));
}

/// Measures attention of a catalyst and the mass that each entry receives. ggml needs the
/// probabilities as a tensor for that.
void observe(benchmark::State& state, bool ours) {
    const AttentionShape shape(state);
    if (!kernels::single_query_supported(GGML_TYPE_F16, static_cast<int>(shape.d)))
        return state.SkipWithError("unsupported CPU");
    const float scale = 1 / std::sqrt(static_cast<float>(shape.d));
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* q = random_tensor(ctx, GGML_TYPE_F32, shape.d, shape.n_head, shape.n_tokens);
        ggml_tensor* k = random_tensor(ctx, GGML_TYPE_F16, shape.d, shape.n_kv, shape.n_head_kv);
        if (ours) {
            ggml_tensor* v =
                random_tensor(ctx, GGML_TYPE_F16, shape.d, shape.n_kv, shape.n_head_kv);
            ggml_tensor* mass = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, shape.n_kv, shape.n_head_kv);
            return kernels::observed_attention(ctx, q, k, v, scale, mass).mass;
        }
        ggml_tensor* v = random_tensor(ctx, GGML_TYPE_F16, shape.n_kv, shape.d, shape.n_head_kv);
        ggml_tensor* scores = ggml_mul_mat(ctx, k, ggml_permute(ctx, q, 0, 2, 1, 3));
        ggml_tensor* shares = ggml_soft_max_inplace(
            ctx, ggml_diag_mask_inf_inplace(ctx, ggml_scale_inplace(ctx, scores, scale),
                                            static_cast<int>(shape.n_kv - shape.n_tokens)));
        ggml_tensor* by_entry = ggml_cont(ctx, ggml_permute(ctx, shares, 1, 0, 2, 3));
        ggml_tensor* attended = ggml_mul_mat(ctx, v, shares);
        return ggml_add(ctx, ggml_sum_rows(ctx, by_entry), ggml_sum(ctx, attended));
    };
    Copies copies(static_cast<int>(state.range(5)),
                  shape.tensor_bytes() + shape.n_kv * shape.n_tokens * shape.n_head * 12 +
                      shape.n_kv * shape.n_head * 16,
                  make_output);
    measure(state, copies, shape.n_mac(), shape.entry_bytes(GGML_TYPE_F16));
}

/// Rotates the keys of TinyLlama's KV cache, all layers and heads, row by row as per-token eviction
/// does.
void rotate_rows(benchmark::State& state) {
    const kernels::RowRotation rotation = {.n_embd_head = 64, .n_rot = 64, .halves = false};
    const auto n = static_cast<std::size_t>(state.range(0)) * 22 * 4;
    const auto turn = kernels::rotate_kernel(rotation);
    std::vector<std::uint16_t> keys(n * 64, 0x3c00), rotated(keys.size());
    const std::vector<float> cosines(64, 0.8f), sines(64, 0.6f);
    for (auto _ : state) {
        for (std::size_t row = 0; row < n; ++row) {
            turn(rotation, &keys[row * 64], cosines.data(), sines.data(), &rotated[row * 64]);
        }
        benchmark::ClobberMemory();
    }
    count(state, "GB/s", static_cast<double>(n) * 64 * 4);
}

/// Rotates the same keys in a graph.
void rotate_in_graph(benchmark::State& state) {
    const std::int64_t n = state.range(0), n_heads = 22 * 4;
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* keys = random_tensor(ctx, GGML_TYPE_F16, 64, n_heads, n);
        ggml_tensor* positions = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
        auto* const numbers = static_cast<std::int32_t*>(positions->data);
        std::iota(numbers, numbers + n, 0);
        return ggml_rope(ctx, keys, positions, 64, GGML_ROPE_TYPE_NORMAL);
    };
    Copies copies(1, n * n_heads * 64 * 4 + n * 4, make_output);
    for (auto _ : state) copies.run_next();
    count(state, "GB/s", static_cast<double>(n * n_heads) * 64 * 4);
}

/// Measures the Hadamard transform of a batch's queries, for attention to a quantised KV cache.
void transform(benchmark::State& state, bool ours) {
    const std::int64_t d = state.range(0), n = state.range(1);
    const auto make_output = [&](ggml_context* ctx) {
        ggml_tensor* x = random_tensor(ctx, GGML_TYPE_F32, d, n);
        if (ours) return kernels::hadamard(ctx, x);
        ggml_tensor* theirs = ggml_mul_mat(ctx, random_tensor(ctx, GGML_TYPE_F32, d, d), x);
        ggml_mul_mat_set_hint(theirs, GGML_HINT_SRC0_IS_HADAMARD);
        return theirs;
    };
    Copies copies(1, d * n * 8 + d * d * 4, make_output);
    for (auto _ : state) copies.run_next();
    count(state, "GB/s", static_cast<double>(d * n) * 8);
}

/// The matrices of TinyLlama-1.1B, for a batch, a few tokens and one token.
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

/// TinyLlama-1.1B, SmolLM2-135M and Llama-3-8B, for a batch and one token.
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

/// A catalyst and a tile of H2O, over a full KV cache.
template <std::int64_t n_threads>
void observed_shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"d", "H", "Hk", "T", "n_kv", "threads"});
    bench->Args({64, 32, 4, 32, 2048, n_threads});
    bench->Args({128, 32, 8, 32, 2048, n_threads});
}

#define ON_ONE_AND_TWO_THREADS(shapes, ...)           \
    BENCHMARK_CAPTURE(__VA_ARGS__)->Apply(shapes<1>); \
    BENCHMARK_CAPTURE(__VA_ARGS__)->Apply(shapes<2>)->UseRealTime()

ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q8_0_ggml, GGML_TYPE_Q8_0, Layout::plain);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q8_0_ours, GGML_TYPE_Q8_0, Layout::ours);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q4_0_ggml, GGML_TYPE_Q4_0, Layout::plain);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q4_0_ggml_repacked, GGML_TYPE_Q4_0, Layout::repacked);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q4_0_ours, GGML_TYPE_Q4_0, Layout::ours);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q4_k_ggml, GGML_TYPE_Q4_K, Layout::plain);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q4_k_ours, GGML_TYPE_Q4_K, Layout::ours);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q6_k_ggml, GGML_TYPE_Q6_K, Layout::plain);
ON_ONE_AND_TWO_THREADS(matmul_shapes, matmul, q6_k_ours, GGML_TYPE_Q6_K, Layout::ours);
ON_ONE_AND_TWO_THREADS(attention_shapes, attend, f16_ggml, GGML_TYPE_F16, false);
ON_ONE_AND_TWO_THREADS(attention_shapes, attend, f16_ours, GGML_TYPE_F16, true);
ON_ONE_AND_TWO_THREADS(attention_shapes, attend, bf16_ours, GGML_TYPE_BF16, true);
ON_ONE_AND_TWO_THREADS(attention_shapes, attend, q8_0_ggml, GGML_TYPE_Q8_0, false);
ON_ONE_AND_TWO_THREADS(attention_shapes, attend, q8_0_ours, GGML_TYPE_Q8_0, true);
ON_ONE_AND_TWO_THREADS(attention_shapes, attend, q4_0_ours, GGML_TYPE_Q4_0, true);
ON_ONE_AND_TWO_THREADS(observed_shapes, observe, ggml, false);
ON_ONE_AND_TWO_THREADS(observed_shapes, observe, ours, true);
BENCHMARK(rotate_in_graph)->ArgName("n_kv")->Arg(1024);
BENCHMARK(rotate_rows)->ArgName("n_kv")->Arg(1024);
BENCHMARK_CAPTURE(transform, ggml, false)->ArgNames({"d", "rows"})->Args({64, 16384});
BENCHMARK_CAPTURE(transform, ours, true)->ArgNames({"d", "rows"})->Args({64, 16384});

/// Adds the measured speed of the machine to the output, for comparison.
const bool machine_is_told = [] {
    for (const int n_threads : {1, 2}) {
        const MachineSpeed speed = measure_machine(n_threads);
        std::ostringstream text;
        text.precision(3);
        text << "triad " << speed.triad_gb_per_second << " GB/s, matrix product in F32 "
             << speed.f32_gflops / 2 << " GMAC/s, in Q8_0 " << speed.q8_0_gflops / 2;
        benchmark::AddCustomContext(std::to_string(n_threads) + " threads", text.str());
    }
    return true;
}();

}  // namespace
}  // namespace infinipot
