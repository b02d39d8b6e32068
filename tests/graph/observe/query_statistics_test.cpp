#include "observe/query_statistics.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "support/kernel_test.h"

namespace infinipot {
namespace {

constexpr CacheShape shape = {.n_layer = 3, .n_head_kv = 2, .n_embd_head = 8, .capacity = 16};
constexpr int n_head = 4;
constexpr std::size_t d = 8;

/// [n_tokens][n_head][n_embd_head], not centred on 0.
std::vector<float> queries(int n_tokens, unsigned seed) {
    std::vector<float> q = normal_numbers(n_tokens * n_head * shape.n_embd_head, seed);
    for (std::size_t i = 0; i < q.size(); ++i) q[i] += static_cast<float>(i % 13) / 8;
    return q;
}

/// Mean and covariance of one coordinate after another, as a definition has them.
struct Plain {
    std::vector<double> mean, covariance;  // [n_head, d], [n_head, d, d]

    explicit Plain(const std::vector<float>& q) : mean(n_head * d), covariance(n_head * d * d) {
        const std::size_t n = q.size() / (n_head * d);
        const auto at = [&](std::size_t t, std::size_t head, std::size_t i) {
            return static_cast<double>(q[(t * n_head + head) * d + i]);
        };
        for (std::size_t head = 0; head < n_head; ++head) {
            for (std::size_t i = 0; i < d; ++i) {
                for (std::size_t t = 0; t < n; ++t) mean[head * d + i] += at(t, head, i);
                mean[head * d + i] /= static_cast<double>(n);
            }
            for (std::size_t i = 0; i < d; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    double sum = 0;
                    for (std::size_t t = 0; t < n; ++t) {
                        sum += (at(t, head, i) - mean[head * d + i]) *
                               (at(t, head, j) - mean[head * d + j]);
                    }
                    covariance[(head * d + i) * d + j] = sum / static_cast<double>(n);
                }
            }
        }
    }
};

class QueryStatisticsTest : public testing::Test {
   protected:
    QueryStatisticsTest() : backend_(2), statistics_(shape, n_head, backend_.buffer_type()) {}

    /// A batch whose layers have the queries of the seeds `seed`, `seed` + 1, ...
    void read(int n_tokens, unsigned seed, int n_skipped = 0) {
        SmallGraph data(4 << 20);
        ggml_cgraph* graph = ggml_new_graph(data.context());
        const AttentionHook hook = statistics_.hook(data.context(), graph, n_skipped);
        for (int il = 0; il < shape.n_layer; ++il) {
            AttentionInputs inputs{};
            inputs.unrotated_queries =
                data.input(GGML_TYPE_F32, {shape.n_embd_head, n_head, n_tokens},
                           queries(n_tokens, seed + static_cast<unsigned>(il)));
            const int n_before = ggml_graph_n_nodes(graph);
            hook(il, inputs);
            EXPECT_LE(ggml_graph_n_nodes(graph) - n_before,
                      static_cast<int>(query_statistics_nodes));
        }
        if (ggml_graph_n_nodes(graph) > 0) backend_.compute(graph);
        statistics_.commit(n_tokens - n_skipped);
    }

    void expect(int il, const std::vector<float>& q) const {
        const Plain plain(q);
        std::vector<float> mean(n_head * d), covariance(n_head * d * d);
        statistics_.mean(il, mean);
        statistics_.covariance(il, covariance);
        EXPECT_EQ(statistics_.n(), static_cast<int>(q.size() / (n_head * d)));
        EXPECT_LT(normalized_error(mean, plain.mean), 1e-12);
        EXPECT_LT(normalized_error(covariance, plain.covariance), 1e-10);
    }

    Backend backend_;
    QueryStatistics statistics_;
};

TEST_F(QueryStatisticsTest, One_batch_gives_its_mean_and_covariance_in_every_layer) {
    read(50, 1);
    for (int il = 0; il < shape.n_layer; ++il) {
        expect(il, queries(50, 1 + static_cast<unsigned>(il)));
    }
}

TEST_F(QueryStatisticsTest, Several_batches_give_the_statistics_of_all_their_queries) {
    read(50, 1);
    read(1, 11);
    read(7, 21);
    for (int il = 0; il < shape.n_layer; ++il) {
        std::vector<float> all = queries(50, 1 + static_cast<unsigned>(il));
        for (const auto& [n, seed] : {std::pair{1, 11U}, {7, 21U}}) {
            const auto q = queries(n, seed + static_cast<unsigned>(il));
            all.insert(all.end(), q.begin(), q.end());
        }
        expect(il, all);
    }
}

TEST_F(QueryStatisticsTest, The_first_queries_of_a_batch_can_be_left_out) {
    read(20, 1, 4);
    const std::vector<float> q = queries(20, 2);
    expect(1, {q.begin() + 4 * n_head * static_cast<std::ptrdiff_t>(d), q.end()});
}

TEST_F(QueryStatisticsTest, A_batch_that_is_left_out_changes_nothing) {
    read(20, 1);
    read(3, 11, 3);
    expect(2, queries(20, 3));
}

TEST_F(QueryStatisticsTest, No_queries_give_zeros) {
    read(20, 1);
    statistics_.forget();
    EXPECT_EQ(statistics_.n(), 0);
    std::vector<float> mean(n_head * d, 1), covariance(n_head * d * d, 1);
    statistics_.mean(0, mean);
    statistics_.covariance(0, covariance);
    EXPECT_EQ(mean, std::vector<float>(n_head * d));
    EXPECT_EQ(covariance, std::vector<float>(n_head * d * d));
    read(9, 31);
    expect(0, queries(9, 31));
}

TEST_F(QueryStatisticsTest, The_memory_that_a_batch_takes_is_reported) {
    EXPECT_EQ(statistics_.bytes(), 2 * sizeof(float) * 3 * n_head * (d + d * d));
}

}  // namespace
}  // namespace infinipot
