#pragma once

#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cache/kv_cache.h"
#include "model/attention.h"
#include "model/batch.h"
#include "model/grouped_attention.h"
#include "model/hparams.h"
#include "model/operators.h"

namespace infinipot {

/// What one layer attends with, for those who want to observe it.
struct AttentionInputs {
    ggml_tensor* unrotated_queries;  ///< F32 [n_embd_head, n_head, n_tokens]
    ggml_tensor* queries;  ///< F32 [n_embd_head, n_tokens, n_head], rotated, as they meet the keys
    ggml_tensor* rotated_keys;  ///< of the pot's type [n_embd_head, n_kv, n_head_kv]
    ggml_tensor* mask;          ///< F16 [n_kv, n_tokens]: 0 or -inf; the layer's window included
    float scale;                ///< of queries times keys
    float softcap;              ///< of the scaled logits; 0: none
};

/// Called for every layer while the graph is built; may add nodes of its own.
using AttentionHook = std::function<void(int il, const AttentionInputs&)>;

/// Where the attention mass of layer il is to be written: F32 [at least the batch's end slot,
/// n_head_kv].
using MassOfLayer = std::function<ggml_tensor*(int il)>;

/// Attends in place of the graph, a layer at a time, once keys and values are in the pot. Called on
/// all threads of the computation, `ith` of `nth`. q: F32 [n_embd_head, n_head, n_tokens], rotated,
/// as they meet the keys; out, of values as they lie in the pot: F32 [n_embd_head * n_head,
/// n_tokens].
using LayerAttention =
    std::function<void(const ggml_tensor* q, ggml_tensor* out, int ith, int nth)>;

/// What a graph reads besides weights and pot. Set before it is computed.
struct GraphInputs {
    ggml_tensor* tokens;     ///< I32 [n_tokens]
    ggml_tensor* positions;  ///< I32 [n_tokens]
    ggml_tensor* slots;      ///< I32 [n_tokens]: where keys and values go
    ggml_tensor* mask;       ///< F16 [n_kv, n_tokens]: 0 or -inf; n_kv covers the batch, maybe more
    /// The same for layers whose window is smaller than the pot; null if there are none.
    ggml_tensor* window_mask = nullptr;
    int window = 0;                             ///< of window_mask
    std::optional<GroupedInputs> grouped = {};  ///< if positions are grouped
};

/// Builds the forward pass of one batch against a pot. An architecture writes itself down in the
/// words of Operators, embed() and attend().
class GraphBuilder : public Operators {
   public:
    GraphBuilder(ggml_context* context, ggml_cgraph* graph, const Hparams& hparams, Kernels kernels,
                 const KvCache& cache, const Batch& batch, const Positions& positions = {},
                 AttentionHook hook = {});

    /// From now on attention mass is measured: as a by-product of attending where our kernels can,
    /// else by `hook`.
    void measure_mass(MassOfLayer mass_of_layer, AttentionHook hook) {
        mass_of_layer_ = std::move(mass_of_layer);
        mass_hook_ = std::move(hook);
    }

    /// From now on layer il attends with layers[il], which must outlive the graph's computation.
    void attend_with(std::span<const LayerAttention> layers) { layers_ = layers; }

    const GraphInputs& inputs() const { return inputs_; }

    /// Slots of the pot: what decides how a layer attends, besides the layer.
    int capacity() const { return cache_.shape().capacity; }

    /// The tokens' rows of `table`: [n_embd, n_tokens].
    ggml_tensor* embed(ggml_tensor* table);

    /// rms_norm over each head by itself: x [n_embd_head * heads, n_tokens], weight [n_embd_head].
    ggml_tensor* norm_heads(ggml_tensor* x, ggml_tensor* weight, float eps);

    /// Puts the batch's keys and values into the pot and attends to all of it, causally.
    /// q: [n_embd_head * n_head, n_tokens]; k, v: [n_embd_head * n_head_kv, n_tokens], before RoPE.
    /// All windows of one graph have the same size: a file names one.
    /// Result: [n_embd_head * n_head, n_tokens].
    ggml_tensor* attend(int il, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                        const Attention& attention);

   private:
    ggml_tensor* split_heads(ggml_tensor* x, int n_head);
    ggml_tensor* hadamard(ggml_tensor* q);
    ggml_tensor* undo_hadamard(ggml_tensor* attended);
    void store(ggml_tensor* rows, ggml_tensor* pot);
    ggml_tensor* by_head(ggml_tensor* x);
    ggml_tensor* slots(ggml_tensor* pot, int n);
    bool windowed(const Attention& attention) const;
    bool native(const Attention& attention) const;
    ggml_tensor* mask_of(const Attention& attention);
    ggml_tensor* attend_in_groups(int il, ggml_tensor* q, ggml_tensor* unrotated_q,
                                  const Attention& attention);
    bool observes_natively(const Attention& attention) const;
    ggml_tensor* attend_natively(int il, ggml_tensor* q, const Attention& attention);
    ggml_tensor* attend_observed(int il, ggml_tensor* q, const Attention& attention);
    ggml_tensor* attend_with_ggml(int il, ggml_tensor* q, const Attention& attention);
    ggml_tensor* attend_plainly(int il, ggml_tensor* q, const Attention& attention);
    ggml_tensor* attend_outside(int il, ggml_tensor* q);

    ggml_cgraph* graph_;
    const Hparams& hparams_;
    Kernels kernels_;
    const KvCache& cache_;
    Batch batch_;
    int n_kv_;
    int neighbours_ = 0;  // where positions are grouped
    AttentionHook hook_;
    AttentionHook mass_hook_;
    MassOfLayer mass_of_layer_;
    std::span<const LayerAttention> layers_;
    GraphInputs inputs_;
};

/// Whether a layer's attention in groups is done by kernels of our own, which keep no scores:
/// batches may be of any size.
bool groups_natively(const Hparams& hparams, Kernels kernels, const CacheShape& shape,
                     const Attention& attention);

/// The causal mask of a batch: token t may see the slots up to its own, and if `window` is not 0
/// only the last `window` of them.
/// `mask` F16 [n_kv, n_tokens]; `scratch` is resized to it and can be used again.
void set_causal_mask(const Batch& batch, int window, ggml_tensor* mask,
                     std::vector<ggml_fp16_t>& scratch);

/// All masks that a graph reads.
void set_masks(const Batch& batch, const GraphInputs& inputs, std::vector<ggml_fp16_t>& scratch);

}  // namespace infinipot
