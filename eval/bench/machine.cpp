#include "eval/bench/machine.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "infinipot/error.h"
#include "tensor/backend.h"
#include "tensor/handles.h"
#include "tensor/kernels/matmul/matmul.h"

namespace infinipot {

namespace {

/// Returns the amount per second of the fastest run.
double best_rate(double amount, const std::function<void()>& run) {
    constexpr int least_runs = 3;
    constexpr double least_seconds = 0.2;
    run();  // warms up pages, caches and clock frequency
    double fastest = std::numeric_limits<double>::max();
    const Stopwatch all;
    for (int i = 0; i < least_runs || all.seconds() < least_seconds; ++i) {
        const Stopwatch one;
        run();
        fastest = std::min(fastest, one.seconds());
    }
    return amount / fastest;
}

/// Calls work(first, last) on equal shares of 0..n-1, each on a thread of its own.
void share(std::size_t n, int n_threads,
           const std::function<void(std::size_t, std::size_t)>& work) {
    const auto n_shares = static_cast<std::size_t>(n_threads);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < n_shares; ++i) {
        threads.emplace_back(work, n * i / n_shares, n * (i + 1) / n_shares);
    }
}

double triad_gb_per_second(int n_threads) {
    constexpr std::size_t n = std::size_t{16} << 20;  // 64 MiB per array: more than a cache holds
    const auto a = std::make_unique_for_overwrite<float[]>(n);
    const auto b = std::make_unique_for_overwrite<float[]>(n);
    const auto c = std::make_unique_for_overwrite<float[]>(n);
    share(n, n_threads, [&](std::size_t first, std::size_t last) {  // first touch by its user
        std::fill(&b[first], &b[last], 1.0f);
        std::fill(&c[first], &c[last], 2.0f);
    });
    const auto triad = [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) a[i] = b[i] + 3.0f * c[i];
    };
    return best_rate(3e-9 * sizeof(float) * n, [&] { share(n, n_threads, triad); });
}

// A matrix of shape [n_in, n_out] is multiplied with a batch of n_tokens tokens.
constexpr std::int64_t n_in = 2048, n_out = 1024, n_tokens = 256;

ggml_tensor* random_tensor(ggml_context* context, ggml_type type, std::int64_t ne1) {
    std::minstd_rand random(1);
    ggml_tensor* tensor = ggml_new_tensor_2d(context, type, n_in, ne1);  // [n_in, ne1]
    std::vector<float> numbers(static_cast<std::size_t>(n_in * ne1));
    for (float& number : numbers) number = static_cast<float>(random() % 2001) / 1000 - 1;
    ggml_quantize_chunk(type, numbers.data(), tensor->data, 0, ne1, n_in, nullptr);
    return tensor;
}

ggml_tensor* f32_product(ggml_context* context) {
    return ggml_mul_mat(context, random_tensor(context, GGML_TYPE_F32, n_out),
                        random_tensor(context, GGML_TYPE_F32, n_tokens));  // [n_out, n_tokens]
}

ggml_tensor* q8_0_product(ggml_context* context) {
    const auto n_bytes =
        static_cast<std::int64_t>(kernels::packed_bytes(GGML_TYPE_Q8_0, n_in, n_out));
    ggml_tensor* weights = random_tensor(context, GGML_TYPE_Q8_0, n_out);
    ggml_tensor* packed = ggml_new_tensor_1d(context, GGML_TYPE_I8, n_bytes);
    kernels::pack(GGML_TYPE_Q8_0, weights->data, n_in, n_out, packed->data);
    ggml_tensor* x = random_tensor(context, GGML_TYPE_F32, n_tokens);
    return kernels::matmul(context, GGML_TYPE_Q8_0, packed,
                           kernels::quantize_rows(context, GGML_TYPE_Q8_0, x), n_in, n_out);
}

double product_gflops(Backend& backend, ggml_tensor* (*product)(ggml_context*)) {
    constexpr std::size_t room = std::size_t{32} << 20;  // for all tensors of a product
    const ContextHandle context(ggml_init({room, nullptr, false}));
    ggml_cgraph* graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, product(context.get()));
    return best_rate(2e-9 * n_in * n_out * n_tokens, [&] { backend.compute(graph); });
}

}  // namespace

MachineSpeed measure_machine(int n_threads) {
    if (n_threads < 1) {
        throw Error(ErrorCode::invalid_argument, "a machine cannot be measured on " +
                                                     std::to_string(n_threads) +
                                                     " threads; choose at least 1");
    }
    Backend backend(n_threads);
    const bool has_q8_0 = kernels::matmul_supported(GGML_TYPE_Q8_0, n_in, n_out);
    return {.triad_gb_per_second = triad_gb_per_second(n_threads),
            .f32_gflops = product_gflops(backend, f32_product),
            .q8_0_gflops = has_q8_0 ? product_gflops(backend, q8_0_product) : 0};
}

}  // namespace infinipot
