#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/survival/survival.h"

namespace infinipot::eval {

/// One distillation in a few numbers. Shares are 0 to 1. *Entries* are those of all layers and
/// heads that the distillation found.
struct SurvivalSummary {
    std::uint32_t distillation = 0;
    std::int64_t tokens_read = 0;
    double kept_by_any = 0;      ///< share of the tokens read that some head holds afterwards
    double kept_by_half = 0;     ///< that at least half of the heads hold
    double kept_by_all = 0;      ///< that all of them hold
    double kept_by_one = 0;      ///< that one head holds: what heads would share at random
    double nats_of_kept = 0;     ///< mean surprisal of the entries that stayed
    double nats_of_dropped = 0;  ///< of those that left
    /// Share of what a head holds that another head of its layer holds too, mean over all pairs; 1
    /// where a layer has one head.
    double overlap_of_heads = 0;
    double overlap_of_layers = 0;  ///< the same of two heads of different layers; 1 for one layer
};

/// `nats` are the surprisals of the stream's tokens. Where text and question were distilled
/// together the tokens are more than these; only these are looked at.
SurvivalSummary summarise(const Survival& survival, std::span<const float> nats,
                          std::uint32_t distillation);

/// At most `n_most` of a reading's distillations, evenly spread, with the last.
std::vector<std::uint32_t> sample_of_distillations(const Survival& survival, std::uint32_t n_most);

}  // namespace infinipot::eval
