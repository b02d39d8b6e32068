#include "observe/query_statistics.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <limits>
#include <span>

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

void add(const ggml_tensor* tensor, std::vector<float>& sums) {
    std::vector<float> copy;
    const float* values = read_from(tensor, copy);
    std::transform(sums.begin(), sums.end(), values, sums.begin(), std::plus<>());
}

}  // namespace

QueryStatistics::QueryStatistics(const CacheShape& shape, int n_head,
                                 ggml_backend_buffer_type_t type)
    : n_embd_head_(shape.n_embd_head), n_head_(n_head), context_(make_description_context(2)) {
    batch_sums_ =
        ggml_new_tensor_3d(context_.get(), GGML_TYPE_F32, n_embd_head_, n_head, shape.n_layer);
    batch_products_ = ggml_new_tensor_4d(context_.get(), GGML_TYPE_F32, n_embd_head_, n_embd_head_,
                                         n_head, shape.n_layer);
    buffer_ = allocate_tensors(context_.get(), type, "the statistics of queries");
    sums_.resize(size(static_cast<int>(ggml_nelements(batch_sums_))));
    products_.resize(static_cast<std::size_t>(ggml_nelements(batch_products_)));
}

std::size_t QueryStatistics::bytes() const {
    return 2 * (sums_.size() + products_.size()) * sizeof(float);
}

AttentionHook QueryStatistics::hook(ggml_context* context, ggml_cgraph* graph,
                                    int n_skipped) const {
    return [this, context, graph, n_skipped](int il, const AttentionInputs& inputs) {
        const ggml_tensor* all = inputs.unrotated_queries;  // [n_embd_head, n_head, n_tokens]
        const std::int64_t n = all->ne[2] - n_skipped;
        if (n <= 0) return;
        ggml_tensor* q = ggml_view_3d(context, inputs.unrotated_queries, all->ne[0], all->ne[1], n,
                                      all->nb[1], all->nb[2], size(n_skipped) * all->nb[2]);
        q = ggml_cont(context, ggml_permute(context, q, 1, 2, 0, 3));  // [n, n_embd_head, n_head]
        const auto layer = [&](ggml_tensor* pot, int last) {
            const std::size_t offset = size(il) * pot->nb[last];
            return last == 2
                       ? ggml_view_2d(context, pot, pot->ne[0], pot->ne[1], pot->nb[1], offset)
                       : ggml_view_3d(context, pot, pot->ne[0], pot->ne[1], pot->ne[2], pot->nb[1],
                                      pot->nb[2], offset);
        };
        ggml_tensor* sums =
            ggml_reshape_2d(context, ggml_sum_rows(context, q), all->ne[0], all->ne[1]);
        ggml_build_forward_expand(graph, ggml_cpy(context, sums, layer(batch_sums_, 2)));
        ggml_tensor* products = ggml_mul_mat(context, q, q);  // [n_embd_head, n_embd_head, n_head]
        ggml_build_forward_expand(graph, ggml_cpy(context, products, layer(batch_products_, 3)));
    };
}

void QueryStatistics::commit(int n_queries) {
    if (n_queries <= 0) return;
    add(batch_sums_, sums_);
    add(batch_products_, products_);
    n_ += n_queries;
}

void QueryStatistics::serialize(StateArchive& archive) {
    archive.number(n_, 0, std::numeric_limits<int>::max());
    archive.block(std::span(sums_));
    archive.block(std::span(products_));
}

void QueryStatistics::forget() {
    n_ = 0;
    std::ranges::fill(sums_, 0.0f);
    std::ranges::fill(products_, 0.0f);
}

void QueryStatistics::mean(int il, std::span<float> out) const {
    assert(out.size() == size(n_head_) * size(n_embd_head_));
    const float* sums = sums_.data() + size(il) * out.size();
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = n_ == 0 ? 0.0f : sums[i] / static_cast<float>(n_);
    }
}

void QueryStatistics::covariance(int il, std::span<float> out) const {
    const std::size_t d = size(n_embd_head_);
    assert(out.size() == size(n_head_) * d * d);
    std::ranges::fill(out, 0.0f);
    if (n_ == 0) return;
    std::vector<float> means(size(n_head_) * d);
    mean(il, means);
    const float* products = products_.data() + size(il) * out.size();
    for (std::size_t head = 0; head < size(n_head_); ++head) {
        const float* mu = means.data() + head * d;
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                const std::size_t at = (head * d + i) * d + j;
                out[at] = products[at] / static_cast<float>(n_) - mu[i] * mu[j];
            }
        }
    }
}

}  // namespace infinipot
