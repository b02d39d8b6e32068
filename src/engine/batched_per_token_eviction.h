#pragma once

#include <barrier>
#include <deque>
#include <exception>
#include <span>
#include <vector>

#include "engine/per_token_eviction.h"

namespace infinipot {

/// Schedule::per_token at the speed of reading in batches. A batch goes through the model at once:
/// matrices are multiplied with all tokens together. In every layer each token attends, and one
/// entry of each head is evicted for it, before the next token does. The evictions of a layer
/// depend on that layer alone, so the entries kept are those of PerTokenEviction, up to rounding.
///
/// Belongs to one thread. Inside a layer the threads of the computation share the heads.
class BatchedPerTokenEviction {
   public:
    /// Returns whether a session can evict so: not if its policy needs surprisal, which is known
    /// only after the last layer, nor if ggml computes attention.
    static bool possible(const Plan& plan, const Model::Impl& model, const KvCache& cache);

    /// @throws Error(out_of_memory)
    BatchedPerTokenEviction(const Plan& plan, const Model::Impl& model, KvCache& cache,
                            ForwardPass& forward, PerTokenEviction& per_token);

    /// Returns the most tokens that read() takes now; at least 1.
    int most() const;

    /// Reads tokens into a cache that holds as many entries as are retained. The first token is
    /// rotated as position `first_position`; tags: one per token. If the policy throws, the oldest
    /// entries that are not protected are evicted instead, and the first exception waits for
    /// rethrow_failure().
    /// @throws Error(interrupted), and then nothing has happened.
    void read(std::span<const Token> tokens, std::span<const Tag> tags, int first_position);

    /// Throws the exception that waits, if there is one.
    void rethrow_failure();

    /// Returns the seconds spent in the policy.
    double seconds() const { return seconds_; }

    /// Scratch; constant.
    std::size_t bytes() const;

   private:
    void evict_and_attend(int il, const ggml_tensor* q, ggml_tensor* out, int ith, int nth);
    void attend(int il, int head, const float* q, float* out, std::vector<float>& scratch);
    void select(int il);

    const Plan& plan_;
    KvCache& cache_;
    ForwardPass& forward_;
    PerTokenEviction& per_token_eviction_;
    int n_group_;                              // query heads of a KV head
    int first_slot_ = 0;                       // of the batch: behind what is retained
    std::vector<float> scales_;                // of each layer
    std::vector<const float*> sinks_;          // of each layer [n_head], or null
    std::vector<LayerAttention> layers_;       // evict_and_attend() of each
    std::vector<std::vector<float>> scratch_;  // of each thread
    std::span<const Tag> tags_;                // of the batch
    std::vector<int> ranks_;                   // evicted from each head of a layer
    std::deque<std::barrier<>> barriers_;      // for 1, 2, ... threads: ggml decides how many run
    std::exception_ptr failure_;
    double seconds_ = 0;
};

}  // namespace infinipot
