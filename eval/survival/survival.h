#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "infinipot/policy.h"

/// Which tokens of a stream survive distillation, and for how long. Source: InfiniPot Appendix D.
namespace infinipot::eval {

/// When the entry of each token left the pot, in every layer and KV head. An entry that has left
/// never comes back, so one number tells of all distillations: 4 bytes for a token, layer and head,
/// however many distillations there are.
///
/// Of one reading by one session, whose calls of a policy come one after the other; not of a
/// reading that was interrupted and goes on, which may ask a policy twice.
class Survival {
   public:
    static constexpr std::uint32_t never = 0;

    Survival(int n_layer, int n_head_kv);

    int n_layer() const { return n_layer_; }
    int n_head_kv() const { return n_head_kv_; }
    int n_heads() const { return n_layer_ * n_head_kv_; }  ///< of all layers

    /// Times that entries left. Distillations are numbered from 1.
    std::uint32_t n_distillations() const;

    /// Tokens that had been read by then: positions 0 to n - 1 of the stream.
    std::int64_t tokens_read(std::uint32_t distillation) const;

    /// The distillation at which a token's entry left; `never` while it is in the pot.
    std::uint32_t left_at(int il, int head, std::int64_t position) const;

    /// Positions of the entries that a head holds right after a distillation, ascending.
    std::vector<std::int64_t> survivors(std::uint32_t distillation, int il, int head) const;

    /// In how many heads of layer `il` each token that had been read is held right after a
    /// distillation, [tokens_read].
    std::vector<int> n_holding(std::uint32_t distillation, int il) const;
    /// The same over all layers.
    std::vector<int> n_holding(std::uint32_t distillation) const;

    /// What a policy has chosen to keep of one layer, whose positions it saw.
    void record(const LayerView& view, std::span<const Keep> heads);
    /// What is chosen from here on is what a question sees, and nothing leaves.
    void close() { closed_ = true; }

   private:
    const std::vector<std::uint32_t>& row(int il, int head) const;
    void add_holding(std::uint32_t distillation, int il, std::span<int> counts) const;

    int n_layer_;
    int n_head_kv_;
    bool closed_ = false;
    std::vector<std::vector<std::uint32_t>> left_at_;  // [n_layer * n_head_kv][position]
    std::vector<std::uint32_t> n_selections_;          // of each layer
    std::vector<std::int64_t> tokens_read_;            // at each distillation
};

/// `policy`, which chooses as before, and writes down in `record` what it chose. For one session.
PolicyPtr recording(PolicyPtr policy, std::shared_ptr<Survival> record);

}  // namespace infinipot::eval
