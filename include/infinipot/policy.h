#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// The interface of an eviction policy: all that the author of one needs to read.
///
/// A policy decides which entries of each KV head survive when the engine must evict. It sees
/// measured numbers, and never a model, a tensor or a cache. Budget sets how many entries survive,
/// Schedule sets when entries are evicted, and Positions sets where they sit afterwards.
namespace infinipot {

/// A read-only table of `rows` x `columns` values. Its rows lie `stride` values apart. Does not own
/// the values.
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

/// Times at which entries are evicted.
enum class Schedule {
    when_full,  ///< down to `retain` whenever the KV cache is full (CCD, InfiniPot §3.2)
    per_token,  ///< one entry of each head for every new token, once `retain` entries are there
    at_end,     ///< once, after text and question have been read; both must fit
    before_reading,  ///< never; the engine skips the middle of a text that does not fit
};

/// Positions of entries: the numbers that RoPE rotates their keys by.
struct Positions {
    enum Rule {
        reset,    ///< 0, 1, 2, ... in reading order (CR-RoPE, InfiniPot §3.5)
        keep,     ///< the place in the stream: the paper's "w/o CR-RoPE" ablation
        grouped,  ///< shared in groups beyond a window of neighbours (Self-Extend)
    };

    constexpr Positions(Rule r = reset) : rule(r) {}
    static constexpr Positions in_groups(int group, int neighbours) {
        Positions positions(grouped);
        positions.group = group;
        positions.neighbours = neighbours;
        return positions;
    }

    bool operator==(const Positions&) const = default;

    Rule rule;
    int group = 1;       ///< for `grouped`: tokens that share a position
    int neighbours = 0;  ///< for `grouped`: distance in tokens up to which positions are exact
};

/// Attention probabilities that the engine measures before it calls a policy. An entry's attention
/// mass is their sum over the observing tokens and their mean over the query heads of a group.
enum class AttentionProbe {
    none,
    /// Attention of the catalyst prompt. Costs one forward pass of the catalyst per distillation.
    /// Source: InfiniPot Eq. 2 and Appendix B, lines 3-4.
    catalyst,
    /// Attention of the Needs::n_query tokens read last, to themselves too. Costs the probabilities
    /// of these tokens. Source: TOVA (one token), SnapKV (its observation window).
    recent,
    /// Attention of every token since the entry was read, its own token included. Costs the
    /// probabilities of every token, which flash attention does not return. Source: H2O.
    accumulated,
};

/// The norm of an entry's value.
enum class ValueNorm { none, l1, l2 };

/// Measurements that a policy needs. The engine computes nothing else.
struct Needs {
    AttentionProbe attention = AttentionProbe::none;
    int n_query = 0;  ///< for AttentionProbe::recent: number of observing tokens
    /// All layers keep the same entries. The engine calls select() once, with the first layer's
    /// view and attention[h][t] = maximum over layers. The slots kept by head h are kept by head h
    /// of every layer.
    bool across_layers = false;
    /// -ln P(token | entries in the KV cache before it), in nats, measured when the token was first
    /// read. Costs the output matrix for every token read. Source: InfiniPot Eq. 4.
    bool surprisal = false;
    bool position = false;   ///< the token's place in the stream
    bool sentences = false;  ///< whether a sentence ends with the token
    bool key_norm = false;   ///< L2 norm of the key
    ValueNorm value_norm = ValueNorm::none;
    /// Cosine of the rotated key and the mean direction of all rotated keys of its head.
    bool key_similarity = false;
    /// Expected attention of future queries, estimated from the queries read since the last
    /// eviction. Costs the covariance of the queries for every batch. Source: Expected Attention,
    /// arXiv 2510.00636.
    bool expected_attention = false;
    int n_sink = 0;  ///< for expected_attention: oldest entries that the estimate leaves out

    bool operator==(const Needs&) const = default;
};

/// The slots of one KV head that survive. A policy fills it with its verbs, the most important
/// slots first. A verb skips slots that are kept already and stops when there is no room left.
/// Among equal scores the more recent slot wins; NaN loses against every number.
class Keep {
   public:
    /// Starts empty, with room for `n_keep` of the slots 0..n_kv-1.
    Keep(int n_kv, int n_keep);

    Keep& first(int n);                               ///< keeps the n oldest slots
    Keep& last(int n);                                ///< keeps the n most recent slots
    Keep& best(std::span<const float> score, int n);  ///< keeps the n best slots not yet kept
    Keep& fill_best(std::span<const float> score);    ///< fills all room left, best slots first
    Keep& fill_recent();                              ///< fills all room left, most recent first

    int n_kv() const { return static_cast<int>(kept_.size()); }
    int room() const { return room_; }
    bool kept(int slot) const { return kept_[static_cast<std::size_t>(slot)] != 0; }

    /// Returns the kept slots, ascending: survivors stay in reading order.
    std::vector<int> slots() const;

   private:
    Keep& add(int slot);

    std::vector<char> kept_;
    int room_;
};

/// One KV head of a layer: the slots to fill and one row of each grid of LayerView. Each span is
/// [n_kv], or empty if the policy did not ask for it.
struct HeadView {
    Keep& keep;
    int head;
    int n_kv;
    int n_new;  ///< number of most recent entries that no selection has seen yet
    std::span<const float> attention;
    std::span<const float> surprisal;
    std::span<const std::int64_t> position;
    std::span<const char> ends_sentence;
    std::span<const float> key_norm;
    std::span<const float> value_norm;
    std::span<const float> key_similarity;
    std::span<const float> expected_attention;
};

/// Measurements of the entries of one layer. Every grid is [n_head_kv][n_kv], or empty if the
/// policy did not ask for it. A *slot* of a view is a place in reading order, from 0 for the oldest
/// entry.
struct LayerView {
    int layer = 0;  ///< index among the layers that have entries: ModelInfo::n_layer_kv
    int n_head_kv = 0;
    int n_kv = 0;
    int n_new = 0;  ///< number of most recent entries that no selection has seen yet
    Grid<const float> attention = {};  ///< attention mass, see AttentionProbe
    /// nats; 0 for the first token of the stream, which has no prediction
    Grid<const float> surprisal = {};
    Grid<const std::int64_t> position = {};
    Grid<const char> ends_sentence = {};  ///< 1 for a token that ends a sentence or a line, else 0
    Grid<const float> key_norm = {};
    Grid<const float> value_norm = {};
    Grid<const float> key_similarity = {};      ///< -1 to 1
    Grid<const float> expected_attention = {};  ///< each row sums to 1; 0 for sinks

    /// Returns one head with its measurements and the slots to fill. Borrows `keep`.
    HeadView head(int head, Keep& keep) const {
        const auto row = [head](const auto& grid) -> decltype(grid[head]) {
            if (grid.empty()) return {};
            return grid[head];
        };
        return {.keep = keep,
                .head = head,
                .n_kv = n_kv,
                .n_new = n_new,
                .attention = row(attention),
                .surprisal = row(surprisal),
                .position = row(position),
                .ends_sentence = row(ends_sentence),
                .key_norm = row(key_norm),
                .value_norm = row(value_norm),
                .key_similarity = row(key_similarity),
                .expected_attention = row(expected_attention)};
    }

    /// Range over the heads of the layer, each with its element of `heads`:
    /// `for (HeadView head : layer.heads(heads)) head.keep.fill_best(head.surprisal);`
    /// Borrows the view and `heads`.
    class Heads;
    Heads heads(std::span<Keep> heads) const;
};

class LayerView::Heads {
   public:
    class Iterator {
       public:
        Iterator(const LayerView& layer, std::span<Keep> heads, int head)
            : layer_(&layer), heads_(heads), head_(head) {}
        HeadView operator*() const {
            return layer_->head(head_, heads_[static_cast<std::size_t>(head_)]);
        }
        Iterator& operator++() {
            ++head_;
            return *this;
        }
        bool operator==(const Iterator& other) const { return head_ == other.head_; }

       private:
        const LayerView* layer_;
        std::span<Keep> heads_;
        int head_;
    };

    Heads(const LayerView& layer, std::span<Keep> heads) : layer_(&layer), heads_(heads) {
        assert(static_cast<int>(heads.size()) == layer.n_head_kv);
    }
    Iterator begin() const { return {*layer_, heads_, 0}; }
    Iterator end() const { return {*layer_, heads_, static_cast<int>(heads_.size())}; }

   private:
    const LayerView* layer_;
    std::span<Keep> heads_;
};

inline LayerView::Heads LayerView::heads(std::span<Keep> heads) const { return {*this, heads}; }

/// Decides which entries survive a distillation. Immutable; sessions and threads share it.
class EvictionPolicy {
   public:
    virtual ~EvictionPolicy() = default;

    /// Returns the text form, `name:option=value,...`. make_policy() reads it back to an equal
    /// policy.
    virtual std::string spec() const = 0;

    virtual Needs needs() const = 0;

    /// Schedule and positions of the policy's source: a session's defaults.
    virtual Schedule schedule() const { return Schedule::when_full; }
    virtual Positions positions() const { return Positions::reset; }

    /// Fills the room of every head of one layer. `heads` has n_head_kv elements, which keep the
    /// entries that the Budget protects already. The engine calls it once per layer and
    /// distillation, or once per distillation with Needs::across_layers. The result must depend on
    /// the arguments alone.
    /// @throws Error(does_not_fit) if the policy refuses to evict.
    virtual void select(const LayerView& view, std::span<Keep> heads) const = 0;
};

using PolicyPtr = std::shared_ptr<const EvictionPolicy>;

}  // namespace infinipot
