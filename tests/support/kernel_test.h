// Helpers of the tests of our kernels: random numbers, an error measure, a graph that holds its
// data.
#pragma once

#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "tensor/backend.h"
#include "tensor/handles.h"

namespace infinipot {

inline std::vector<float> normal_numbers(std::int64_t n, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> numbers(static_cast<std::size_t>(n));
    for (float& number : numbers) number = normal(random);
    return numbers;
}

/// Σ(a-b)² / Σb².
template <typename A, typename B>
double normalized_error(std::span<const A> a, std::span<const B> b) {
    EXPECT_EQ(a.size(), b.size());
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
        norm += std::pow(static_cast<double>(b[i]), 2);
    }
    return error / norm;
}

template <typename A, typename B>
double normalized_error(const std::vector<A>& a, const std::vector<B>& b) {
    return normalized_error(std::span<const A>(a), std::span<const B>(b));
}

/// Tensors with memory, and what is computed from them.
class SmallGraph {
   public:
    explicit SmallGraph(std::int64_t n_bytes)
        : context_(ggml_init({static_cast<std::size_t>(n_bytes) + (1 << 20), nullptr, false})) {}

    ggml_context* context() const { return context_.get(); }

    /// A new tensor that holds `data`, which must have its size.
    template <typename T>
    ggml_tensor* input(ggml_type type, std::vector<std::int64_t> shape,
                       const std::vector<T>& data) {
        ggml_tensor* tensor =
            ggml_new_tensor(context(), type, static_cast<int>(shape.size()), shape.data());
        EXPECT_EQ(ggml_nbytes(tensor), data.size() * sizeof(T));
        std::memcpy(tensor->data, data.data(), ggml_nbytes(tensor));
        return tensor;
    }

    /// Computes the contiguous F32 `output`, as often as it is called.
    std::vector<float> compute(ggml_tensor* output, int n_threads) const {
        ggml_cgraph* graph = ggml_new_graph(context());
        ggml_build_forward_expand(graph, output);
        Backend(n_threads).compute(graph);
        const auto* data = static_cast<const float*>(output->data);
        return {data, data + ggml_nelements(output)};
    }

   private:
    ContextHandle context_;
};

}  // namespace infinipot
