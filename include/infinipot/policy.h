#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// All that an author of an eviction policy reads.
///
/// A policy answers one question: when the pot is full, which entries of each KV head survive? It
/// sees measured numbers, never a model, a tensor or a cache. How many survive is the Budget's
/// business, when is the engine's, where they sit afterwards is Positions'.
namespace infinipot {

/// A read-only table of `rows` x `columns` values whose rows lie `stride` values apart. Does not
/// own.
template <typename T>
class Grid {
   public:
    Grid() = default;
    Grid(T* data, int rows, int columns, std::size_t stride)
        : data_(data), rows_(rows), columns_(columns), stride_(stride) {}
    Grid(T* data, int rows, int columns)
        : Grid(data, rows, columns, static_cast<std::size_t>(columns)) {}

    int rows() const { return rows_; }
    int columns() const { return columns_; }
    bool empty() const { return data_ == nullptr; }
    std::span<T> operator[](int row) const {
        assert(row >= 0 && row < rows_);
        return {data_ + static_cast<std::size_t>(row) * stride_,
                static_cast<std::size_t>(columns_)};
    }

   private:
    T* data_ = nullptr;
    int rows_ = 0;
    int columns_ = 0;
    std::size_t stride_ = 0;
};

/// Which attention probabilities the engine measures before it asks a policy to select.
enum class AttentionProbe {
    none,
    /// Catalyst prompt: each entry's probability, summed over the catalyst's tokens and averaged
    /// over the query heads of a group. Costs one forward pass of the catalyst per distillation.
    /// Source: InfiniPot Eq. 2 and Appendix B, lines 3-4.
    catalyst,
};

/// What a policy needs measured. Nothing is computed that is not asked for.
struct Needs {
    AttentionProbe attention = AttentionProbe::none;
    /// -ln P(token | all that was in the pot before it), in nats, taken when the token was first
    /// read. Costs the output matrix for every token read. Source: InfiniPot Eq. 4.
    bool surprisal = false;
};

/// What was measured for the entries of one layer. Every grid is [n_head_kv][n_kv], in slot order,
/// and slot order is reading order; a grid that the policy did not ask for is empty.
struct LayerView {
    int layer = 0;
    int n_head_kv = 0;
    int n_kv = 0;
    Grid<const float> attention = {};  ///< attention mass, see AttentionProbe
    Grid<const float> surprisal =
        {};  ///< nats; 0 for the first token of the stream, which nothing predicts
};

/// The slots of one KV head that survive. A policy fills it with verbs, the most important first;
/// each verb passes over slots that are kept already and stops when the room is used up. Ties keep
/// the more recent slot; NaN is worse than every number.
class Keep {
   public:
    /// Room for `n_keep` of the slots 0..n_kv-1.
    Keep(int n_kv, int n_keep);

    Keep& first(int n);                               ///< the n oldest
    Keep& last(int n);                                ///< the n most recent
    Keep& best(std::span<const float> score, int n);  ///< the n highest scores not yet kept
    Keep& fill_best(std::span<const float> score);    ///< all remaining room, by score
    Keep& fill_recent();                              ///< all remaining room, most recent first

    int n_kv() const { return static_cast<int>(kept_.size()); }
    int room() const { return room_; }
    bool kept(int slot) const { return kept_[static_cast<std::size_t>(slot)] != 0; }

    /// The kept slots, ascending: survivors stay in reading order.
    std::vector<int> slots() const;

   private:
    Keep& add(int slot);

    std::vector<char> kept_;
    int room_;
};

/// Decides which entries survive a distillation. Immutable and shared between sessions and threads.
class EvictionPolicy {
   public:
    virtual ~EvictionPolicy() = default;

    /// Its text form, `name:option=value,...`, which make_policy() reads back to an equal policy.
    virtual std::string spec() const = 0;

    virtual Needs needs() const = 0;

    /// Fills the room of every head of one layer. `heads` has n_head_kv elements in which the
    /// entries that the Budget protects are kept already. Called once per layer and distillation;
    /// must depend on its arguments alone.
    /// @throws Error(does_not_fit) if the policy refuses to evict.
    virtual void select(const LayerView& view, std::span<Keep> heads) const = 0;
};

using PolicyPtr = std::shared_ptr<const EvictionPolicy>;

}  // namespace infinipot
