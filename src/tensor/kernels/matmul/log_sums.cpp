#include "tensor/kernels/matmul/log_sums.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "tensor/kernels/matmul/matmul.h"
#include "tensor/kernels/matmul/packed.h"
#include "tensor/kernels/simd/cpu.h"
#include "tensor/kernels/work_queue.h"

namespace infinipot::kernels {
namespace {

constexpr int64_t most_parts = 64;    // enough for so many threads
constexpr float lowest_max = -1e29f;  // maximum of no logits

/// Lies in the operation's op_params, before the counter of its work queue.
struct Parameters {
    const int32_t* panels;  // null: all
    int32_t n_panels;
    int32_t n_out;
    LogitTransform transform;

    int64_t panel(int64_t i) const { return panels == nullptr ? i : panels[i]; }
    bool has(int64_t panel) const {
        return panels == nullptr || std::binary_search(panels, panels + n_panels, panel);
    }
};
constexpr std::size_t parameters_at = GGML_MAX_OP_PARAMS - 8 - sizeof(Parameters);

char* parameters_of(ggml_tensor* op) {
    return reinterpret_cast<char*>(op->op_params) + parameters_at;
}

int64_t n_panels(const SummedTokens& summed) {
    return summed.panels.empty() ? div_up(summed.n_out, row_panel)
                                 : static_cast<int64_t>(summed.panels.size());
}

AddExponentials kernel_of_cpu() {
    if (cpu() >= Cpu::avx512 && add_exponentials_avx512()) return add_exponentials_avx512();
    return add_exponentials_x8();
}

float transformed(float y, const LogitTransform& transform) {
    y *= transform.scale;
    return transform.cap == 0 ? y : transform.cap * std::tanh(y / transform.cap);
}

/// A run of tokens of the operation, and where their results go.
struct Run {
    const MatmulKernel& kernel;
    PackedMatrix w;
    const char* x;
    int64_t n;               // tokens, at most most_columns
    const int32_t* targets;  // [n]
    float* results;          // [n][stride]; the last is the target's logit
    int64_t stride;

    const char* column(int64_t token) const { return x + token * w.n_blocks * kernel.block_bytes; }
    float& target_logit(int64_t token) const { return results[(token + 1) * stride - 1]; }
};

/// The sums of one part of the vocabulary for a run of tokens.
class PartOfVocabulary {
   public:
    PartOfVocabulary(const Run& run, const LogitTransform& transform)
        : run_(run), transform_(transform) {
        max_.fill(lowest_max);
        std::fill_n(sums_.begin(), run.n * most_sum_lanes, 0.0f);
    }

    /// Adds a panel. Writes the logits of targets in it.
    void add(int64_t panel, AddExponentials add_exponentials) {
        const int64_t row = panel * row_panel;
        const int64_t n_rows = std::min<int64_t>(run_.w.n_out - row, row_panel);
        multiply_panel(run_.kernel, run_.w, row, n_rows,
                       {.x = run_.x, .n = run_.n, .y = y_.data(), .y_stride = row_panel});
        add_exponentials({.y = y_.data(),
                          .y_stride = row_panel,
                          .n_rows = static_cast<int>(n_rows),
                          .n_tokens = static_cast<int>(run_.n),
                          .transform = transform_},
                         {.max = max_.data(), .sums = sums_.data()});
        for (int64_t token = 0; token < run_.n; ++token) {
            const int64_t at = run_.targets[token] - row;
            if (at >= 0 && at < n_rows) run_.target_logit(token) = logit(token * row_panel + at);
        }
    }

    /// Writes the logit of a target in a panel that is not added.
    void find_target(int64_t token) {
        const int64_t row = run_.targets[token] / row_panel * row_panel;
        multiply_panel(run_.kernel, run_.w, row, run_.w.n_out - row,
                       {.x = run_.column(token), .n = 1, .y = y_.data(), .y_stride = row_panel});
        run_.target_logit(token) = logit(run_.targets[token] - row);
    }

    /// Returns the logarithm of a token's sum.
    float log_sum(int64_t token) const {
        const auto first = sums_.begin() + token * most_sum_lanes;
        const float sum = std::accumulate(first, first + most_sum_lanes, 0.0f);
        return (max_[static_cast<std::size_t>(token)] + std::log2(sum)) *
               std::numbers::ln2_v<float>;
    }

   private:
    float logit(int64_t at) const {
        return transformed(y_[static_cast<std::size_t>(at)], transform_);
    }

    const Run& run_;
    const LogitTransform& transform_;
    alignas(64) std::array<float, most_columns * row_panel> y_;
    alignas(64) std::array<float, most_columns * most_sum_lanes> sums_;
    std::array<float, most_columns> max_;
};

/// Sums up the panels [begin, end) of the list.
void sum_up(const Run& run, const Parameters& parameters, int64_t part, int64_t n_parts) {
    const AddExponentials add_exponentials = kernel_of_cpu();
    PartOfVocabulary sums(run, parameters.transform);
    const int64_t end = parameters.n_panels * (part + 1) / n_parts;
    for (int64_t i = parameters.n_panels * part / n_parts; i < end; ++i)
        sums.add(parameters.panel(i), add_exponentials);
    for (int64_t token = 0; token < run.n; ++token) {
        run.results[token * run.stride + part] = sums.log_sum(token);
        if (part == 0 && !parameters.has(run.targets[token] / row_panel)) sums.find_target(token);
    }
}

/// A piece is one part of the vocabulary for one run of tokens. Parts change fastest, as panels do
/// in matmul().
void log_sums_op(ggml_tensor* dst, int /*ith*/, int nth, void* userdata) {
    const MatmulKernel& kernel = *static_cast<const MatmulKernel*>(userdata);
    Parameters parameters;
    std::memcpy(&parameters, parameters_of(dst), sizeof parameters);
    const PackedMatrix w = {dst->src[0]->data, dst->src[1]->ne[0] / kernel.block_bytes,
                            parameters.n_out};
    const int64_t stride = dst->ne[0], n_tokens = dst->ne[1], n_parts = stride - 1;
    const int64_t n_runs = div_up(n_tokens, most_columns);
    WorkQueue queue(dst, n_parts * n_runs, nth);
    for (int64_t piece = queue.draw(); piece >= 0; piece = queue.draw()) {
        const int64_t begin = n_tokens * (piece / n_parts) / n_runs;
        const int64_t end = n_tokens * (piece / n_parts + 1) / n_runs;
        const Run run = {
            .kernel = kernel,
            .w = w,
            .x = static_cast<const char*>(dst->src[1]->data) +
                 begin * w.n_blocks * kernel.block_bytes,
            .n = end - begin,
            .targets = static_cast<const int32_t*>(dst->src[2]->data) + begin,
            .results = static_cast<float*>(dst->data) + begin * stride,
            .stride = stride,
        };
        sum_up(run, parameters, piece % n_parts, n_parts);
    }
}

}  // namespace

int n_log_sums(const SummedTokens& summed) {
    return static_cast<int>(std::min(most_parts, n_panels(summed)));
}

ggml_tensor* log_sums(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                      const SummedTokens& summed, const LogitTransform& transform,
                      ggml_tensor* targets) {
    assert(matmul_kernel(type) && summed.n_out % row_group == 0 && ggml_is_contiguous(x8));
    ggml_tensor* args[] = {packed, x8, targets};
    ggml_tensor* result = ggml_custom_4d(ctx, GGML_TYPE_F32, n_log_sums(summed) + 1, x8->ne[1], 1,
                                         1, args, 3, log_sums_op, GGML_N_TASKS_MAX,
                                         const_cast<MatmulKernel*>(matmul_kernel(type)));
    const Parameters parameters = {
        .panels = summed.panels.empty() ? nullptr : summed.panels.data(),
        .n_panels = static_cast<int32_t>(n_panels(summed)),
        .n_out = static_cast<int32_t>(summed.n_out),
        .transform = transform,
    };
    std::memcpy(parameters_of(result), &parameters, sizeof parameters);
    return result;
}

}  // namespace infinipot::kernels
