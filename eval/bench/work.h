#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infinipot/model.h"

/// What reading and writing ask of a machine, counted from the shape of the model: the other half
/// of a speed, whose first half is the time it took.
namespace infinipot::eval {

/// Floating point operations that reading takes, a multiplication and an addition each: those of
/// the text's own tokens. The catalyst's are not counted, though its time is: it is a price of
/// distillation. Layers that see a window alone are counted as if they saw all of the pot.
class ReadingWork {
   public:
    /// @param scores_all whether every token is scored, and so multiplied with the head's matrix.
    ReadingWork(const ModelInfo& model, bool scores_all);

    /// A batch of tokens that was read into the pot, which then held `n_kv` entries. Where each
    /// token takes the place of another, so that the pot `stays`, all of them see all of it.
    void add(std::uint64_t n_tokens, std::uint64_t n_kv, bool stays = false);

    double flop() const;

   private:
    double flop_per_token_;  ///< without attention
    double flop_per_pair_;   ///< a token and an entry that it attends to
    double n_tokens_ = 0;
    double n_pairs_ = 0;
};

/// Bytes of weights and of the pot that are read to write one token, when `n_kv` entries are
/// attended to, of each of which attention reads `entry_bytes`.
double bytes_per_token(const ModelInfo& model, double n_kv, std::size_t entry_bytes);

/// The middle one, or the mean of the two in the middle. There must be one at least.
double median(std::vector<double> values);

}  // namespace infinipot::eval
