#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// All that an author of an eviction policy reads.
///
/// A policy answers one question: when entries must leave, which of each KV head survive? It sees
/// measured numbers, never a model, a tensor or a cache. How many survive is the Budget's business,
/// when they leave is Schedule's, where they sit afterwards is Positions'.
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

/// When entries leave the pot.
enum class Schedule {
    when_full,  ///< it is cut down to `retain` whenever it is full (CCD, InfiniPot §3.2)
    per_token,  ///< once `retain` is reached, one entry of each head for every token that comes
    at_end,     ///< once, when text and question have been read: both must fit
    before_reading,  ///< never: of a text that does not fit, the middle is not read at all
};

/// Where entries sit: the positions that their keys are rotated to.
struct Positions {
    enum Rule {
        reset,    ///< renumbered 0, 1, 2, ... in reading order (CR-RoPE, InfiniPot §3.5)
        keep,     ///< their place in the stream: the paper's "w/o CR-RoPE" ablation
        grouped,  ///< beyond a window of neighbours, in groups that share a position (Self-Extend)
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
    int group = 1;       ///< of `grouped`: tokens that share a position
    int neighbours = 0;  ///< of `grouped`: tokens so near keep positions of their own
};

/// Which attention probabilities the engine measures before it asks a policy to select. An entry's
/// mass is summed over the tokens that attend and averaged over the query heads of a group.
enum class AttentionProbe {
    none,
    /// From the catalyst prompt. Costs one forward pass of the catalyst per distillation.
    /// Source: InfiniPot Eq. 2 and Appendix B, lines 3-4.
    catalyst,
    /// From the Needs::n_query tokens read last, which attend to themselves too. Costs the
    /// probabilities of these tokens. Source: TOVA (one token), SnapKV (its observation window).
    recent,
    /// From every token since the entry was read, its own included. Costs the probabilities of
    /// every token, which flash attention does not give. Source: H2O.
    accumulated,
};

/// The norm of an entry's value.
enum class ValueNorm { none, l1, l2 };

/// What a policy needs measured. Nothing is computed that is not asked for.
struct Needs {
    AttentionProbe attention = AttentionProbe::none;
    int n_query = 0;  ///< of AttentionProbe::recent: how many tokens
    /// One selection for all layers: the policy is shown the first, but attention as the layer
    /// gives it that gives an entry most, and what a head of it keeps the same head of all layers
    /// keeps.
    bool across_layers = false;
    /// -ln P(token | all that was in the pot before it), in nats, taken when the token was first
    /// read. Costs the output matrix for every token read. Source: InfiniPot Eq. 4.
    bool surprisal = false;
    bool position = false;   ///< the token's place in the stream
    bool sentences = false;  ///< whether a sentence ends with the token
    bool key_norm = false;   ///< L2 norm of the key
    ValueNorm value_norm = ValueNorm::none;
    /// Cosine between the rotated key and the mean direction of all rotated keys of its head.
    bool key_similarity = false;
    /// Attention that future queries are expected to give, from the statistics of the queries read
    /// since entries last left. Costs their covariance for every batch. Source: Expected Attention,
    /// arXiv 2510.00636.
    bool expected_attention = false;
    int n_sink = 0;  ///< of expected_attention: oldest entries that take no part in it

    bool operator==(const Needs&) const = default;
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

/// One KV head of a layer: its slots to fill, and a row of each grid of LayerView. A span is
/// [n_kv]; it is empty if the policy did not ask for it.
struct HeadView {
    Keep& keep;
    int head;
    int n_kv;
    int n_new;  ///< the most recent entries that have not been through a selection yet
    std::span<const float> attention;
    std::span<const float> surprisal;
    std::span<const std::int64_t> position;
    std::span<const char> ends_sentence;
    std::span<const float> key_norm;
    std::span<const float> value_norm;
    std::span<const float> key_similarity;
    std::span<const float> expected_attention;
};

/// What was measured for the entries of one layer. Every grid is [n_head_kv][n_kv] in reading
/// order; a grid that the policy did not ask for is empty. A *slot* of a view is a place in reading
/// order, 0 the oldest.
struct LayerView {
    int layer = 0;
    int n_head_kv = 0;
    int n_kv = 0;
    int n_new = 0;  ///< so many of the most recent entries have not been through a selection yet
    Grid<const float> attention = {};  ///< attention mass, see AttentionProbe
    /// nats; 0 for the first token of the stream, which nothing predicts
    Grid<const float> surprisal = {};
    Grid<const std::int64_t> position = {};
    Grid<const char> ends_sentence = {};  ///< 1 for a token that ends a sentence or a line, else 0
    Grid<const float> key_norm = {};
    Grid<const float> value_norm = {};
    Grid<const float> key_similarity = {};      ///< -1..1
    Grid<const float> expected_attention = {};  ///< a row sums to 1; 0 for sinks

    /// One head with its measurements and the slots to fill.
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

    /// Every head of the layer with its element of `heads`, to loop over:
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

/// Decides which entries survive a distillation. Immutable and shared between sessions and threads.
class EvictionPolicy {
   public:
    virtual ~EvictionPolicy() = default;

    /// Its text form, `name:option=value,...`, which make_policy() reads back to an equal policy.
    virtual std::string spec() const = 0;

    virtual Needs needs() const = 0;

    /// How its source runs it. Sessions do the same unless their options say otherwise.
    virtual Schedule schedule() const { return Schedule::when_full; }
    virtual Positions positions() const { return Positions::reset; }

    /// Fills the room of every head of one layer. `heads` has n_head_kv elements in which the
    /// entries that the Budget protects are kept already. Called once per layer and distillation,
    /// or once per distillation if layers choose together (Needs::across_layers); must depend on
    /// its arguments alone.
    /// @throws Error(does_not_fit) if the policy refuses to evict.
    virtual void select(const LayerView& view, std::span<Keep> heads) const = 0;
};

using PolicyPtr = std::shared_ptr<const EvictionPolicy>;

}  // namespace infinipot
