#include "eval/bench/work.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace infinipot::eval {
namespace {

double product(int a, int b, int c = 1) {
    return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

}  // namespace

ReadingWork::ReadingWork(const ModelInfo& model, bool scores_all) {
    const double head = product(model.n_embd, model.n_vocab);
    const double scoring = scores_all ? product(model.n_embd, model.n_novelty_vocab) : 0;
    flop_per_token_ = 2 * (static_cast<double>(model.n_matrix_weights) - head + scoring);
    flop_per_pair_ = 4 * product(model.n_layer_kv, model.n_head, model.n_embd_head);  // q·k and p·v
}

void ReadingWork::add(std::uint64_t n_tokens, std::uint64_t n_kv, bool stays) {
    const auto n = static_cast<double>(n_tokens);
    n_tokens_ += n;
    n_pairs_ += n * static_cast<double>(n_kv) - (stays ? 0 : n * (n - 1) / 2);
}

double ReadingWork::flop() const { return flop_per_token_ * n_tokens_ + flop_per_pair_ * n_pairs_; }

double bytes_per_token(const ModelInfo& model, double n_kv, std::size_t entry_bytes) {
    return static_cast<double>(model.matrix_bytes) + n_kv * static_cast<double>(entry_bytes);
}

double median(std::vector<double> values) {
    assert(!values.empty());
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace infinipot::eval
