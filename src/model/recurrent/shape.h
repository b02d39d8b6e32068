#pragma once

#include <cstdint>

namespace infinipot {

/// What a recurrent layer computes.
enum class Recurrence {
    none,               ///< the model has no recurrent layers
    short_convolution,  ///< a gated convolution over a few tokens
    mamba2,             ///< Mamba 2
    gated_delta_net,    ///< a gated delta net
};

/// Sizes of the recurrent layers of a model, which are alike. Each layer has a state of two
/// tensors, both F32. Names in brackets are GGUF's.
struct RecurrentShape {
    Recurrence kind = Recurrence::none;
    int n_taps = 0;   ///< tokens that the convolution sees, the current one included (conv_kernel)
    int n_inner = 0;  ///< features that the layer works on (inner_size)
    int n_state = 0;  ///< numbers of memory for each of them (state_size); 0: there is no memory
    int n_head = 0;   ///< heads that share n_inner (time_step_rank)
    int n_group = 0;  ///< groups of heads with the same keys and queries (group_count)

    /// Returns the number of features that the convolution runs over.
    int n_channels() const { return n_inner + 2 * n_group * n_state; }

    /// Returns the size of the history: the convolution's inputs of the last tokens,
    /// [n_taps - 1, n_channels].
    std::int64_t history_size() const { return std::int64_t{n_taps - 1} * n_channels(); }

    /// Returns the size of the memory: [n_state, n_inner / n_head, n_head].
    std::int64_t memory_size() const { return std::int64_t{n_state} * n_inner; }
};

}  // namespace infinipot
