#pragma once

#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cache/fixed_state.h"
#include "cache/kv_cache.h"
#include "cache/local_windows.h"
#include "model/attention.h"
#include "model/batch.h"
#include "model/grouped_attention.h"
#include "model/hparams.h"
#include "model/layer_plan.h"
#include "model/operators.h"

namespace infinipot {

/// Operands of one layer's attention, for a hook that observes it.
struct AttentionInputs {
    ggml_tensor* unrotated_queries;  ///< F32 [n_embd_head, n_head, n_tokens]
    /// F32 [n_embd_head, n_tokens, n_head], rotated and Hadamard-transformed as the keys are.
    ggml_tensor* queries;
    /// As attention reads them: [n_embd_head, n_kv, n_head_kv].
    ggml_tensor* rotated_keys;
    ggml_tensor* mask;   ///< F16 [n_kv, n_tokens]: 0 or -inf; includes the layer's window
    float scale;         ///< factor of queries times keys
    float softcap;       ///< cap of the scaled logits; 0: none
    ggml_tensor* sinks;  ///< see Attention
};

/// Hook that is called for every layer `il` of the pot while the graph is built. It may add nodes
/// of its own.
using AttentionHook = std::function<void(int il, const AttentionInputs&)>;

/// Returns the destination of the attention mass of layer il of the pot: F32 [at least the batch's
/// end slot, n_head_kv].
using MassOfLayer = std::function<ggml_tensor*(int il)>;

/// Attention of one layer in place of the graph's own. It runs once keys and values are in the KV
/// cache, on all threads of the computation: thread `ith` of `nth`.
/// q: F32 [n_embd_head, n_head, n_tokens], rotated and Hadamard-transformed as the keys are.
/// out: F32 [n_embd_head * n_head, n_tokens], transformed as the stored values are.
using LayerAttention =
    std::function<void(const ggml_tensor* q, ggml_tensor* out, int ith, int nth)>;

/// Input tensors of a graph's local layers.
struct WindowInputs {
    ggml_tensor* positions;  ///< I32 [n_tokens]
    ggml_tensor* slots;      ///< I32 [n_tokens]: slots of LocalWindows
    ggml_tensor* mask;       ///< F16 [slots seen or hidden, n_tokens]: 0 or -inf
    int window;              ///< size of the window, in tokens
};

/// Input tensors of a graph, in addition to weights and KV cache. Set before it is computed.
struct GraphInputs {
    ggml_tensor* tokens;     ///< I32 [n_tokens]
    ggml_tensor* positions;  ///< I32 [n_tokens]
    ggml_tensor* slots;      ///< I32 [n_tokens]: slots for keys and values
    ggml_tensor* mask;       ///< F16 [n_kv, n_tokens]: 0 or -inf; n_kv may exceed the batch's end
    /// The mask of layers of the KV cache whose window is smaller than it; null if there are none.
    ggml_tensor* window_mask = nullptr;
    int window = 0;  ///< window size of window_mask, in slots
    /// F32 [1, 1, n_tokens]: factors of the queries; null if no layer has a temperature.
    ggml_tensor* query_factors = nullptr;
    Temperature temperature = {};               ///< of query_factors
    std::optional<GroupedInputs> grouped = {};  ///< set if positions are grouped
    std::optional<WindowInputs> local = {};     ///< set if there are local layers
};

/// The memory that a forward pass reads and writes besides weights.
struct Stores {
    const LayerPlan& layers;
    const KvCache& pot;
    const FixedState& fixed;
    const LocalWindows& windows;
};

/// Builds the forward pass of one batch over the stores. An architecture describes its layers with
/// Operators, embed() and attend(). Lives while one graph is built.
class GraphBuilder : public Operators {
   public:
    GraphBuilder(ggml_context* context, ggml_cgraph* graph, const Hparams& hparams, Kernels kernels,
                 const Stores& stores, const Batch& batch, const Positions& positions = {},
                 AttentionHook hook = {});

    /// Measures attention mass in the layers that follow: as a by-product of our kernels if they
    /// can, else with `hook`.
    void measure_mass(MassOfLayer mass_of_layer, AttentionHook hook) {
        mass_of_layer_ = std::move(mass_of_layer);
        mass_hook_ = std::move(hook);
    }

    /// Uses layers[il] as the attention of layer il of the pot. `layers` must outlive the graph's
    /// computation.
    void attend_with(std::span<const LayerAttention> layers) { layers_ = layers; }

    const GraphInputs& inputs() const { return inputs_; }

    /// Returns the number of slots of the KV cache, on which a layer's attention may depend.
    int capacity() const { return cache_.shape().capacity; }

    /// Builds the rows of `table` for the batch's tokens: [n_embd, n_tokens].
    ggml_tensor* embed(ggml_tensor* table);

    /// Splits x [n_embd_head * heads, n_tokens] into heads: [n_embd_head, heads, n_tokens].
    ggml_tensor* split_heads(ggml_tensor* x);

    /// Writes the batch's keys and values into the KV cache and attends to all of it, causally. In
    /// a local layer it does so with the window. q: [n_embd_head * n_head, n_tokens]; k, v:
    /// [n_embd_head * n_head_kv, n_tokens], before RoPE, or the same split into heads. Result:
    /// [n_embd_head * n_head, n_tokens]. All windows of one graph have the same size, because a
    /// file has only one.
    ggml_tensor* attend(int il, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                        const Attention& attention);

    /// Returns tensor i of what layer il keeps (Architecture::state()), as the tokens before the
    /// batch left it. Read it, do not write it.
    ggml_tensor* state(int il, int i) const { return stores_.fixed.current(il, i); }

    /// Writes x, of the same shape, as tensor i of what layer il keeps. The next batch reads it if
    /// this one becomes part of the stream: see ForwardPass::advance().
    void set_state(int il, int i, ggml_tensor* x);

   private:
    /// The slots that a layer's queries attend to.
    struct Entries {
        ggml_tensor *rotated_keys, *values;  // [n_embd_head, all slots, n_head_kv]
        int end;                             // behind the slots in use
        int n;             // slots that ggml attends to; those behind `end` masked
        int window;        // slots that a token sees; 0: all
        int index_in_pot;  // of the layer; in_window: it is none of the pot
        bool is_local() const { return index_in_pot == in_window; }
    };
    static constexpr int in_window = -1;

    /// Some of them, as attention reads them: [n_embd_head, n, n_head_kv].
    struct Views {
        ggml_tensor *keys, *values;
    };

    ggml_tensor* attend_in_pot(int i, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                               const Attention& attention);
    ggml_tensor* attend_in_window(int i, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                                  const Attention& attention);
    Entries entries_of_pot(int i, const Attention& attention) const;
    ggml_tensor* attend_to(const Entries& entries, ggml_tensor* q, const Attention& attention);
    ggml_tensor* rotate_queries(ggml_tensor* q, ggml_tensor* positions, const Attention& attention);
    ggml_tensor* query_factors(const Temperature& temperature);
    bool reads_transforms(int il) const;
    ggml_tensor* hadamard(int il, ggml_tensor* q);
    ggml_tensor* undo_hadamard(int il, ggml_tensor* attended);
    Views views(const Entries& entries, int n);
    void store_keys(int il, ggml_tensor* k, const Attention& attention);
    void store(ggml_tensor* rows, ggml_tensor* to, ggml_tensor* slots,
               ggml_tensor* centre = nullptr);
    ggml_tensor* by_head(ggml_tensor* x);
    ggml_tensor* slots(ggml_tensor* pot, int n);
    bool windowed(const Attention& attention) const;
    bool native(const Attention& attention) const;
    ggml_tensor* mask_of(const Attention& attention);
    ggml_tensor* mask_of(const Entries& entries, const Attention& attention);
    ggml_tensor* attend_in_groups(int il, ggml_tensor* q, ggml_tensor* unrotated_q,
                                  const Attention& attention);
    bool observes_natively(const Attention& attention) const;
    ggml_tensor* attend_natively(const Entries& entries, ggml_tensor* q,
                                 const Attention& attention);
    ggml_tensor* attend_observed(const Entries& entries, ggml_tensor* q,
                                 const Attention& attention);
    ggml_tensor* attend_with_ggml(const Entries& entries, ggml_tensor* q,
                                  const Attention& attention);
    ggml_tensor* attend_plainly(const Entries& entries, ggml_tensor* q, const Attention& attention);
    ggml_tensor* attend_outside(int il, ggml_tensor* q);

    ggml_cgraph* graph_;
    const Hparams& hparams_;
    Kernels kernels_;
    Stores stores_;
    const KvCache& cache_;  // the pot
    Batch batch_;
    int n_kv_;
    int neighbours_ = 0;  // Positions::neighbours if positions are grouped
    AttentionHook hook_;
    AttentionHook mass_hook_;
    MassOfLayer mass_of_layer_;
    std::span<const LayerAttention> layers_;
    GraphInputs inputs_;
};

/// Returns whether our kernels compute a layer's grouped attention. They store no scores, so
/// batches may have any size.
bool groups_natively(const Hparams& hparams, Kernels kernels, const CacheShape& shape,
                     const Attention& attention);

/// Sets the causal mask of a batch: token t sees the slots up to its own, and only the last
/// `window` of them unless `window` is 0. `mask`: F16 [n_kv, n_tokens]. `scratch` is resized to it
/// and can be reused.
void set_causal_mask(const Batch& batch, int window, ggml_tensor* mask,
                     std::vector<ggml_fp16_t>& scratch);

/// Sets the factors of a batch's queries, if a graph reads them.
void set_temperatures(int first_position, const GraphInputs& inputs);

/// Sets all masks that a graph reads.
void set_masks(const Batch& batch, const GraphInputs& inputs, std::vector<ggml_fp16_t>& scratch);

}  // namespace infinipot
