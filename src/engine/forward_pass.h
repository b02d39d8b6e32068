#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/page_memory.h"
#include "base/state_archive.h"
#include "cache/kv_cache.h"
#include "engine/expected_attention_pass.h"
#include "engine/layer_states.h"
#include "infinipot/policy.h"
#include "model/model_impl.h"
#include "observe/attention_mass.h"
#include "tensor/workspace.h"

namespace infinipot {

/// Runs a model over tokens that attend to a KV cache, the pot. Borrows model, backend and cache.
/// The constructor allocates everything. Belongs to one thread at a time.
///
/// Owns what layers keep next to the pot: see LayerStates. A run reads it as advance() left it.
///
/// Hidden states of a batch stay in a buffer whose first row is the state before the batch, which
/// predicts the batch's first token.
class ForwardPass {
   public:
    struct Limits {
        int n_batch = 0;         ///< most tokens of run() without attention being measured
        int n_observed = 0;      ///< most tokens that attention is measured of; 0 if it never is
        bool surprisal = false;  ///< whether surprisal() will be called
        bool expected_attention = false;
        int n_sink = 0;        ///< of expected_attention: oldest entries that take no part
        bool renumber = true;  ///< whether renumber() will be called
        Positions positions = {};
    };

    /// Returns the most tokens whose attention one run() measures: few, so that their probabilities
    /// stay in the CPU's caches, or enough to keep a GPU busy.
    int observed_tile_tokens() const { return observed_tile_tokens_; }

    /// Shares the scratch memory of `other`, unless that is null: a pass of the same model with the
    /// same limits and a cache of the same shape, on a backend of which `backend` is a copy.
    /// @throws Error(out_of_memory)
    ForwardPass(const Model::Impl& model, Backend& backend, KvCache& cache, const Limits& limits,
                const ForwardPass* other = nullptr);

    /// Computes the tokens in the slots after the cache's n and keeps their hidden states; the
    /// slots count only after KvCache::append(). Token t is rotated as position first_position + t.
    /// With `observe`, measures the attention of at most observed_tile_tokens().
    /// @throws Error(interrupted), and then nothing has happened.
    void run(std::span<const Token> tokens, int first_position, bool observe = false);

    /// Computes the tokens in the slots from first_slot on, but layer il attends with layers[il],
    /// which may change the cache. Runs to its end: interrupt() has no effect.
    void run_with(std::span<const LayerAttention> layers, std::span<const Token> tokens,
                  int first_slot, int first_position);

    /// @throws Error(interrupted) if run() would.
    void require_not_interrupted() { workspace_.require_not_interrupted(); }

    /// Allocates for run_with() of so many tokens.
    /// @throws Error(out_of_memory)
    void reserve_with(std::span<const LayerAttention> layers, int n_tokens);

    /// Returns the attention mass that slots have received since forget_attention(), from the
    /// catalyst or from observed runs that were declared read: [n_layer][n_head_kv][capacity].
    /// Slots from the last run's end on have no meaning.
    std::span<const float> attention() const { return attention_; }
    void forget_attention() { std::ranges::fill(attention_, 0.0f); }
    std::span<float> attention(int il, int head);  ///< of one head: [capacity]

    /// Returns the attention that entries of a layer may expect from the queries to come:
    /// [n_head_kv][n_kv], 0 for the first n_sink. Valid until the next call. Only with
    /// Limits::expected_attention.
    std::span<const float> expected_attention(int il) { return future_->expect(il, workspace_); }

    /// Returns the statistics of the queries that advance() has counted since they were forgotten;
    /// null without Limits::expected_attention.
    QueryStatistics* query_statistics() { return future_ ? &future_->statistics : nullptr; }

    /// Writes -ln P of each token of the last run(), in nats, given all tokens before it.
    /// @throws Error(interrupted) unless it must run to its end, `wholly`.
    void surprisal(std::span<const Token> tokens, std::span<float> nats, bool wholly = false);

    /// Returns the logits of the token that follows the last run(): [n_vocab], valid until the next
    /// call.
    /// @throws Error(interrupted)
    std::span<const float> logits();

    /// Declares the last run() read: the attention measured of it counts, its last hidden state and
    /// what its layers keep precede the next run, and with `count_queries` its queries enter
    /// query_statistics().
    void advance(bool count_queries = true);

    /// Returns the hidden state that precedes the next run(), to be restored later: [n_embd].
    std::vector<float> preceding_state() const;
    void set_preceding_state(std::span<const float> state);

    /// Returns what layers keep next to the pot, to be restored later.
    std::vector<std::byte> layer_states() { return states_.save(); }
    void set_layer_states(std::span<const std::byte> states) { states_.restore(states); }

    /// Writes or reads what the next run() depends on besides the cache, between two runs; with
    /// `observing`, the attention measured so far as well.
    void serialize(StateArchive& archive, bool observing);

    /// Runs the catalyst in the slots after n, which are forgotten again. attention() is afterwards
    /// what every slot of the cache receives from the catalyst.
    /// @throws Error(interrupted), and then nothing has happened.
    void run_catalyst(std::span<const Token> catalyst, int first_position);

    /// Does KvCache::gather(), wherever the cache lies.
    int gather(const KeptSlots& kept);

    /// Rotates the keys from slot `first` on for the slots they are in now.
    void renumber(int first);

    /// Returns the seconds spent on building graphs so far.
    double graph_seconds() const { return workspace_.preparing_seconds(); }

    /// Activations, scores, logits and what layers write before advance(); constant.
    std::size_t bytes() const;

    /// Returns the bytes that layers keep next to the pot; constant.
    std::size_t layer_state_bytes() const { return states_.bytes(); }

    /// Returns the windows of local layers, for tests.
    const LocalWindows& windows() const { return states_.windows(); }

   private:
    class Trial;

    /// Results of a graph besides keys and values.
    enum class Outputs { hidden, hidden_and_attention, attention };

    void compute_batch(std::span<const Token> tokens, int first_slot, int first_position,
                       Outputs outputs, std::span<const LayerAttention> layers = {});
    void set_to_count(ggml_tensor* numbers, int first);
    void add_measured_attention(int n_kv);
    void gather_vectors(const KeptSlots& kept);
    void reserve(const Limits& limits);
    Workspace::Build batch_graph(const Batch& batch, Outputs outputs, GraphInputs& inputs,
                                 std::span<const LayerAttention> layers = {}) const;
    void observe(GraphBuilder& g, ggml_cgraph* graph, Outputs outputs) const;
    AttentionHook query_hook(ggml_context* context, ggml_cgraph* graph, const Batch& batch,
                             Outputs outputs) const;
    Workspace::Build surprisal_graph(int first, int n, ggml_tensor*& targets,
                                     ggml_tensor*& nats) const;
    Workspace::Build logits_graph(ggml_tensor*& logits) const;
    Workspace::Build gather_graph(int n_kept, std::vector<ggml_tensor*>& slots) const;
    Workspace::Build renumber_graph(int first, int n, ggml_tensor*& positions) const;
    ggml_tensor* hidden_rows(ggml_context* context, int first, int n) const;

    const Model::Impl& model_;
    KvCache& cache_;
    LayerStates states_;
    Workspace workspace_;
    int tile_tokens_;  // tokens whose logits exist at one time
    int observed_tile_tokens_;
    int n_run_ = 0;          // tokens of the last run()
    int end_slot_ = 0;       // behind them
    bool observed_ = false;  // whether their attention was measured
    ContextHandle context_;
    BufferHandle buffer_;
    ggml_tensor* hidden_;       // F32 [n_embd, n_batch + 1]
    std::vector<float> state_;  // [n_embd]: one of its rows
    Positions positions_;
    std::optional<AttentionMass> mass_;
    std::optional<ExpectedAttentionPass> future_;
    std::optional<PageMemory> attention_memory_;  // pages that no session has written are not there
    std::span<float> attention_;                  // [n_layer, n_head_kv, capacity]
    std::vector<float> logits_;                   // [n_vocab]
    std::vector<std::int32_t> indices_;           // positions or slots of a batch
    std::vector<ggml_fp16_t> mask_;
};

}  // namespace infinipot
