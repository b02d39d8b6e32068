// Hands out the pieces of one ggml custom operation to its threads as they become free, so that a
// thread which shares its core with another program does less instead of delaying all.
//
// The counter is the last word of the tensor's op_params (ggml uses the first 24 of 64 bytes for
// custom operations, and zeroes the rest), so nothing is allocated and every graph node has its
// own. Each thread draws until it gets a number beyond the last piece, which happens once per
// thread; whoever draws the very last number knows that all others are done and sets the counter
// back for the graph's next run.
#pragma once

#include <atomic>
#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

class WorkQueue {
   public:
    /// To be made by each of the `n_threads` threads, and then drawn from until it returns -1.
    WorkQueue(ggml_tensor* dst, int64_t n_pieces, int n_threads)
        : counter_(dst->op_params[GGML_MAX_OP_PARAMS / sizeof(int32_t) - 1]),
          n_pieces_(static_cast<int32_t>(n_pieces)),
          n_threads_(n_threads) {}

    /// The next piece, in 0..n_pieces-1, or -1 when there is none left.
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
