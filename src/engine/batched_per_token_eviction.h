#pragma once

#include <atomic>
#include <exception>
#include <span>
#include <vector>

#include "engine/per_token_eviction.h"

namespace infinipot {

/// Schedule::per_token at the speed of reading: a batch goes through the model at once, and in
/// every layer its tokens take their turns. What leaves a layer depends on that layer alone, so
/// each token attends there, and one entry of each head leaves for it, before the next one does;
/// the matrices are multiplied with all of them together. What is kept is what token by token would
/// keep, up to rounding.
///
/// Used by one thread; the turns are shared by the threads of the computation, by head.
class BatchedPerTokenEviction {
   public:
    /// Whether it can be done: not where a policy asks for what is known only at the last layer,
    /// nor where attention is left to ggml.
    static bool possible(const Plan& plan, const Model::Impl& model, const KvCache& cache);

    /// @throws Error(out_of_memory)
    BatchedPerTokenEviction(const Plan& plan, const Model::Impl& model, KvCache& cache,
                            ForwardPass& forward, PerTokenEviction& per_token);

    /// How many tokens read() takes now, at the most; at least one.
    int most() const;

    /// Reads tokens, the first of which is rotated as position `first_position`, into a pot that
    /// holds what is retained. Where the policy throws, the oldest entries that are not protected
    /// leave instead, and the first exception waits for rethrow_failure().
    /// @throws Error(interrupted), and then nothing has happened.
    void read(std::span<const Token> tokens, std::span<const Tag> tags, int first_position);
    void rethrow_failure();

    double seconds() const { return seconds_; }
    std::size_t bytes() const;

   private:
    /// Threads wait here for each other.
    class Barrier {
       public:
        void wait(int n_threads);

       private:
        std::atomic<int> n_arrived_{0}, n_passed_{0};
    };

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
    std::vector<LayerAttention> layers_;       // evict_and_attend() of each
    std::vector<std::vector<float>> scratch_;  // of each thread
    std::span<const Tag> tags_;                // of the batch
    std::vector<int> ranks_;                   // that leave the heads of a layer
    Barrier barrier_;
    std::exception_ptr failure_;
    double seconds_ = 0;
};

}  // namespace infinipot
