#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "infinipot/policy.h"

/// Records which tokens of a stream survive distillation, and for how long. Source: InfiniPot,
/// Appendix D.
namespace infinipot::eval {

/// The distillation that evicted the entry of each token, in every layer and KV head. An evicted
/// entry never returns. One number therefore describes all distillations, and takes 4 bytes for
/// each token, layer and head.
///
/// It records one reading by one session, which calls its policy from one thread at a time. It
/// cannot record a reading that was interrupted and continued, because the policy may be asked
/// twice.
class Survival {
   public:
    static constexpr std::uint32_t never = 0;

    Survival(int n_layer, int n_head_kv);

    int n_layer() const { return n_layer_; }
    int n_head_kv() const { return n_head_kv_; }
    int n_heads() const { return n_layer_ * n_head_kv_; }  ///< KV heads of all layers

    /// Returns the number of distillations, which are numbered from 1.
    std::uint32_t n_distillations() const;

    /// Returns the number of tokens read before a distillation: positions 0 to n - 1 of the stream.
    std::int64_t tokens_read(std::uint32_t distillation) const;

    /// Returns the distillation that evicted a token's entry; `never` if it is still in the KV
    /// cache.
    std::uint32_t left_at(int il, int head, std::int64_t position) const;

    /// Returns the positions of the entries that a head keeps at a distillation, ascending.
    std::vector<std::int64_t> survivors(std::uint32_t distillation, int il, int head) const;

    /// Returns the number of heads of layer `il` that keep each token at a distillation,
    /// [tokens_read].
    std::vector<int> n_holding(std::uint32_t distillation, int il) const;
    /// Returns the same number over all layers.
    std::vector<int> n_holding(std::uint32_t distillation) const;

    /// Records the choice of a policy for one layer, whose positions it must see.
    void record(const LayerView& view, std::span<const Keep> heads);
    /// Ends the record. The policy chooses later only which entries an answer sees, and evicts
    /// none.
    void close() { closed_ = true; }

   private:
    const std::vector<std::uint32_t>& row(int il, int head) const;
    void add_holding(std::uint32_t distillation, int il, std::span<int> counts) const;

    int n_layer_;
    int n_head_kv_;
    bool closed_ = false;
    std::vector<std::vector<std::uint32_t>> left_at_;  // [n_layer * n_head_kv][position]
    std::vector<std::uint32_t> n_selections_;          // of each layer
    std::vector<std::int64_t> tokens_read_;            // [distillation - 1]
};

/// Returns a policy that chooses as `policy` does and writes its choices to `record`. For one
/// session.
PolicyPtr recording(PolicyPtr policy, std::shared_ptr<Survival> record);

}  // namespace infinipot::eval
