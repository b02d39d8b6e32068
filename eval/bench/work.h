#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infinipot/model.h"

/// The work of prefill and decode, computed from the shape of the model. Work divided by time gives
/// the speed.
namespace infinipot::eval {

/// Floating-point operations of prefill; a multiplication and an addition count as two. Counts the
/// text's own tokens. The catalyst's operations are not counted although its time is: they are a
/// cost of distillation. Layers with a sliding window count as if they attended to the whole KV
/// cache.
class ReadingWork {
   public:
    /// @param scores_all whether the output matrix is multiplied with every token, to compute its
    /// surprisal
    ReadingWork(const ModelInfo& model, bool scores_all);

    /// Adds a batch of `n_tokens` tokens, after which the KV cache held `n_kv` entries.
    /// @param stays whether each token took the slot of an evicted entry: every token then attended
    /// to `n_kv` entries
    void add(std::uint64_t n_tokens, std::uint64_t n_kv, bool stays = false);

    double flop() const;

   private:
    double flop_per_token_;  ///< attention not included
    double flop_per_pair_;   ///< for one token and one entry that it attends to
    double n_tokens_ = 0;
    double n_pairs_ = 0;
};

/// Returns the bytes of weights and of the KV cache that decode reads for one token, which attends
/// to `n_kv` entries of `entry_bytes` bytes each.
double bytes_per_token(const ModelInfo& model, double n_kv, std::size_t entry_bytes);

/// Returns the middle value, or the mean of the two in the middle. There must be at least one
/// value.
double median(std::vector<double> values);

}  // namespace infinipot::eval
