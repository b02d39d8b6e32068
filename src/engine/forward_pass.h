#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "cache/kv_cache.h"
#include "engine/expected_attention_pass.h"
#include "infinipot/policy.h"
#include "model/model_impl.h"
#include "observe/attention_mass.h"
#include "tensor/workspace.h"

namespace infinipot {

/// Runs a model over tokens against a pot, with all memory allocated beforehand.
///
/// Hidden states of a batch stay in a buffer whose first row is the state before the batch: it is
/// what predicts the batch's first token. Belongs to one thread at a time.
class ForwardPass {
   public:
    struct Limits {
        int n_batch = 0;     ///< most tokens of run() without attention being measured
        int n_observed = 0;  ///< most tokens that attention is measured of; 0 if it never is
        bool surprisal = false;
        bool expected_attention = false;
        int n_sink = 0;        ///< of expected_attention: oldest entries that take no part
        bool renumber = true;  ///< whether renumber() will be called
        Positions positions = {};
    };

    /// Attention is measured of at most so many tokens at a time: few, so that their probabilities
    /// stay in the CPU's caches, or enough to keep a GPU busy.
    int observed_tile_tokens() const { return observed_tile_tokens_; }

    /// @throws Error(out_of_memory)
    ForwardPass(const Model::Impl& model, Backend& backend, KvCache& cache, const Limits& limits);

    /// Computes the tokens in the slots after the pot's n and keeps their hidden states; the slots
    /// count only after KvCache::append(). Token t is rotated as position first_position + t. With
    /// `observe`, the attention of at most observed_tile_tokens is measured.
    /// @throws Error(interrupted), and then nothing has happened.
    void run(std::span<const Token> tokens, int first_position, bool observe = false);

    /// As run(), in the slots from first_slot on, but layer il attends with layers[il], which may
    /// change the pot: it runs to its end.
    void run_with(std::span<const LayerAttention> layers, std::span<const Token> tokens,
                  int first_slot, int first_position);

    /// @throws Error(interrupted) if run() would.
    void require_not_interrupted() { workspace_.require_not_interrupted(); }

    /// Allocates for run_with() of so many tokens.
    void reserve_with(std::span<const LayerAttention> layers, int n_tokens);

    /// Attention mass that slots have received since forget_attention(), from observed runs that
    /// were declared read or from the catalyst: [n_layer][n_head_kv][capacity], of which those up
    /// to the last run's end count.
    std::span<const float> attention() const { return attention_; }
    void forget_attention() { std::ranges::fill(attention_, 0.0f); }
    std::span<float> attention(int il, int head);  ///< of one head: [capacity]

    /// Attention that entries may expect from the queries to come: [n_head_kv][n_kv], 0 for the
    /// first n_sink; valid until the next call. Only with Limits::expected_attention.
    std::span<const float> expected_attention(int il) { return future_->expect(il, workspace_); }

    /// Of the queries that advance() has counted since they were forgotten; null without
    /// expected_attention.
    QueryStatistics* query_statistics() { return future_ ? &future_->statistics : nullptr; }

    /// -ln P of each token of the last run(), in nats, given all before it.
    /// @throws Error(interrupted) unless it must run to its end.
    void surprisal(std::span<const Token> tokens, std::span<float> nats, bool wholly = false);

    /// Logits for what follows the last token of the last run(): [n_vocab], valid until the next
    /// call.
    std::span<const float> logits();

    /// Declares the last run() read: the attention measured of it counts, with `count_queries` its
    /// queries do, and its last hidden state now precedes the next one.
    void advance(bool count_queries = true);

    /// The hidden state that precedes the next run(), to be put back later.
    std::vector<float> preceding_state() const;
    void set_preceding_state(std::span<const float> state);

    /// Runs the catalyst in the slots after n, to be forgotten again: attention() is afterwards
    /// what every slot of the pot receives from it.
    /// @throws Error(interrupted), and then nothing has happened.
    void run_catalyst(std::span<const Token> catalyst, int first_position);

    /// KvCache::gather(), wherever the pot lies.
    int gather(const KeptSlots& kept);

    /// Rotates the keys from slot `first` on anew, for the slots they are in now.
    void renumber(int first);

    /// Spent on building graphs so far.
    double graph_seconds() const { return workspace_.preparing_seconds(); }

    /// Activations, scores and logits; constant.
    std::size_t bytes() const;

   private:
    /// What a graph leaves behind besides keys and values.
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
    std::vector<float> attention_;       // [n_layer, n_head_kv, capacity]
    std::vector<float> logits_;          // [n_vocab]
    std::vector<std::int32_t> indices_;  // positions or slots of a batch
    std::vector<ggml_fp16_t> mask_;
};

}  // namespace infinipot
