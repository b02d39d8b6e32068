#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cache/kv_cache.h"
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
        int n_batch = 0;     ///< most tokens of run()
        int n_catalyst = 0;  ///< tokens of the catalyst; 0 if attention is never measured
        bool surprisal = false;
        bool renumber = true;  ///< whether renumber() will be called
    };

    /// @throws Error(out_of_memory)
    ForwardPass(const Model::Impl& model, Backend& backend, KvCache& cache, const Limits& limits);

    /// Computes the tokens in the slots after the pot's n and keeps their hidden states; the slots
    /// count only after KvCache::append(). Token t is rotated as position first_position + t.
    /// @throws Error(interrupted), and then nothing has happened.
    void run(std::span<const Token> tokens, int first_position);

    /// -ln P of each token of the last run(), in nats, given all before it.
    /// @throws Error(interrupted)
    void surprisal(std::span<const Token> tokens, std::span<float> nats);

    /// Logits for what follows the last token of the last run(): [n_vocab], valid until the next
    /// call.
    std::span<const float> logits();

    /// Declares the last run() read: its last hidden state now precedes the next one.
    void advance();

    /// The hidden state that precedes the next run(), to be put back later.
    std::vector<float> preceding_state() const;
    void set_preceding_state(std::span<const float> state);

    /// Attention mass that every slot of the pot receives from the catalyst, which runs in the
    /// slots after n and is forgotten: [n_layer][n_head_kv][capacity], of which n_kv slots are
    /// meant.
    /// @throws Error(interrupted), and then nothing has happened.
    std::span<const float> catalyst_attention(std::span<const Token> catalyst, int first_position);

    /// Rotates the keys from slot `first` on anew, for the slots they are in now.
    void renumber(int first);

    /// Activations, scores and logits; constant.
    std::size_t bytes() const;

   private:
    void compute_batch(std::span<const Token> tokens, int first_slot, int first_position,
                       bool observe);
    void reserve(const Limits& limits);
    Workspace::Build batch_graph(const Batch& batch, bool observe, GraphInputs& inputs) const;
    Workspace::Build surprisal_graph(int first, int n, ggml_tensor*& targets,
                                     ggml_tensor*& nats) const;
    Workspace::Build logits_graph(ggml_tensor*& logits) const;
    Workspace::Build renumber_graph(int first, int n, ggml_tensor*& positions) const;
    ggml_tensor* hidden_rows(ggml_context* context, int first, int n) const;

    const Model::Impl& model_;
    KvCache& cache_;
    Workspace workspace_;
    int tile_tokens_;  // tokens whose logits exist at one time
    int n_run_ = 0;    // tokens of the last run()
    ContextHandle context_;
    BufferHandle buffer_;
    ggml_tensor* hidden_;  // F32 [n_embd, n_batch + 1]
    std::optional<AttentionMass> mass_;
    std::vector<float> attention_;       // [n_layer, n_head_kv, capacity]
    std::vector<float> logits_;          // [n_vocab]
    std::vector<std::int32_t> indices_;  // positions of a batch
    std::vector<ggml_fp16_t> mask_;
};

}  // namespace infinipot
