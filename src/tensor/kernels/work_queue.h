// Gives the pieces of one ggml custom operation to threads as they become free. A thread that
// shares its core with another program then does less, instead of delaying all others.
//
// The counter is the last word of the tensor's op_params, so nothing is allocated and every graph
// node has its own. (ggml uses the first 24 of 64 bytes for custom operations and zeroes the rest.)
// Each thread draws until it gets one number beyond the last piece. The thread that draws the very
// last number knows that all others are done, and resets the counter for the graph's next run.
#pragma once

#include <atomic>
#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

class WorkQueue {
   public:
    /// Made by each of the `n_threads` threads, which must then draw until it gets -1.
    WorkQueue(ggml_tensor* dst, int64_t n_pieces, int n_threads)
        : counter_(dst->op_params[GGML_MAX_OP_PARAMS / sizeof(int32_t) - 1]),
          n_pieces_(static_cast<int32_t>(n_pieces)),
          n_threads_(n_threads) {}

    /// Returns the next piece, in 0..n_pieces-1, or -1 if there is none left.
    int64_t draw() {
        const int32_t piece = counter_.fetch_add(1, std::memory_order_relaxed);
        if (piece < n_pieces_) return piece;
        if (piece == n_pieces_ + n_threads_ - 1) counter_.store(0, std::memory_order_relaxed);
        return -1;
    }

   private:
    std::atomic_ref<int32_t> counter_;
    int32_t n_pieces_;
    int32_t n_threads_;
};

}  // namespace infinipot::kernels
