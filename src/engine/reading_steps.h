#pragma once

#include <cstddef>
#include <limits>

#include "engine/plan.h"

/// Decides in which forward passes tokens are read and what is evicted between them. Pure functions
/// of the plan and of counts, so that the entries kept do not depend on how a text arrives. Counts
/// are in tokens, which are entries per layer and KV head once they are read.
namespace infinipot {

/// A forward pass that is to come.
struct ReadingStep {
    int n_tokens = 0;
    bool observed = false;  ///< whether the attention of its tokens is measured
    bool counts = true;     ///< whether its queries count for later selections

    bool operator==(const ReadingStep&) const = default;
};

/// Counts that the next step depends on.
struct ReadingState {
    int n_kv = 0;         ///< entries in the cache
    int room = 0;         ///< entries that can still be appended
    int tile = 0;         ///< most tokens whose attention one pass measures
    int n_per_token = 1;  ///< Schedule::per_token: most tokens of one pass once the cache is full
};

/// Entries per head that a distillation leaves.
struct Distillation {
    int n_kept = 0;
    int n_last = 0;  ///< how many of them must be the most recent ones

    bool operator==(const Distillation&) const = default;
};

/// A run of waiting tokens.
struct TokenRange {
    std::size_t first = 0;
    std::size_t n = 0;

    bool operator==(const TokenRange&) const = default;
};

/// Stands for a number of tokens to come that is unknown or has no end.
inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// Returns the next step in reading a text. A batch ends at the fill limit, so that evictions do
/// not depend on n_batch. With Schedule::when_full and a policy that observes recent tokens, the
/// last n_query tokens before the fill limit are steps of their own.
ReadingStep next_step(const Plan& plan, const ReadingState& state);

/// Returns the next step in reading a prompt of which `n_left` tokens are left. A prompt that is
/// not `staying` is forgotten after the answer. A `deciding` one ends in an eviction, and only such
/// a one, or one that stays, is measured.
ReadingStep next_prompt_step(const Plan& plan, const ReadingState& state, std::size_t n_left,
                             bool staying, bool deciding);

/// Returns whether a text must wait before more of it is read, given that `n_left` of its tokens
/// are known: with Budget::fill until a chunk is known, with Schedule::before_reading to its end.
bool must_wait(const Plan& plan, int n_kv, std::size_t n_left);

/// Returns whether Schedule::at_end evicts entries once a question of so many tokens is read.
bool decides_eviction(const Plan& plan, int n_kv, int n_question);

/// Returns the distillation that makes room for a chunk, or for the `n_to_come` tokens that are
/// left if those are fewer. The last chunk was read most recently, and loses no more than it must.
Distillation next_distillation(const Plan& plan, std::size_t n_to_come);

/// Returns the fewest entries that a distillation evicts. Short texts, one after another, are not
/// worth a distillation each, and the tokens whose attention decides the next one need room.
int min_evicted(const Plan& plan);

/// Returns the tokens that Schedule::before_reading leaves out of `n_waiting`: all between those
/// that complete the first half of the cache and those that will fill the second.
TokenRange left_out_middle(const Plan& plan, int n_kv, std::size_t n_waiting);

/// Returns the most tokens whose attention is measured without a break.
int n_observed(const Plan& plan);

}  // namespace infinipot
