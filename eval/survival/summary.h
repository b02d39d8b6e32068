#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/survival/survival.h"

namespace infinipot::eval {

/// A summary of one distillation. Shares are 0 to 1. *Entries* are those of all layers and heads
/// that existed before the distillation.
struct SurvivalSummary {
    std::uint32_t distillation = 0;
    std::int64_t tokens_read = 0;
    double kept_by_any = 0;      ///< share of the tokens read that at least one head keeps
    double kept_by_half = 0;     ///< share that at least half of the heads keep
    double kept_by_all = 0;      ///< share that all heads keep
    double kept_by_one = 0;      ///< share that one head keeps: the overlap of random heads
    double nats_of_kept = 0;     ///< mean surprisal of the entries kept
    double nats_of_dropped = 0;  ///< mean surprisal of the entries evicted
    /// Share of a head's tokens that another head of its layer keeps too: mean over all pairs of
    /// heads; 1 if a layer has one head.
    double overlap_of_heads = 0;
    double overlap_of_layers = 0;  ///< the same for heads of different layers; 1 for one layer
};

/// Summarises one distillation of a stream.
/// @param nats surprisals of the stream's tokens. A distillation of text and question together has
/// more tokens; those behind `nats` are ignored.
SurvivalSummary summarise(const Survival& survival, std::span<const float> nats,
                          std::uint32_t distillation);

/// Returns at most `n_most` of a reading's distillations, evenly spaced, including the last.
std::vector<std::uint32_t> sample_of_distillations(const Survival& survival, std::uint32_t n_most);

}  // namespace infinipot::eval
