#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gguf/metadata.h"
#include "model/attention.h"
#include "model/graph_builder.h"
#include "model/hparams.h"
#include "model/layer_plan.h"
#include "model/weights.h"

namespace infinipot {

/// One kind of transformer: its weights and its forward pass. Immutable once its weights are
/// loaded. A new architecture is one file in arch/ and one row in architecture.cpp.
class Architecture {
   public:
    virtual ~Architecture() = default;

    /// Builds the hidden states behind the last norm: [n_embd, n_tokens].
    virtual ggml_tensor* hidden(GraphBuilder& g) const = 0;

    /// Builds the logits of the next token from hidden states: [n_vocab, n_tokens].
    virtual ggml_tensor* logits(Operators& g, ggml_tensor* hidden) const = 0;

    /// Builds Operators::log_sums() behind hidden states. Only if sums_logits().
    virtual ggml_tensor* log_sums(Operators& g, ggml_tensor* hidden,
                                  const kernels::SummedTokens& summed,
                                  ggml_tensor* targets) const = 0;

    /// Returns whether log_sums() can be called; otherwise surprisal needs all logits.
    virtual bool sums_logits() const = 0;

    /// Returns how layer il attends in a KV cache of this capacity.
    virtual Attention attention(int il, int capacity) const = 0;

    /// Returns how far the attention of layer il sees.
    virtual LayerKind kind([[maybe_unused]] int il) const { return LayerKind::global; }

    /// Returns the tensors that layer il keeps from one batch to the next besides keys and values.
    /// hidden() reads them with GraphBuilder::state() and writes them with set_state().
    virtual std::vector<StateShape> state([[maybe_unused]] int il) const { return {}; }

    /// Upper bound on the graph nodes per layer of hidden(), without those of a hook.
    virtual std::size_t nodes_per_layer() const { return 64; }
};

using ArchitecturePtr = std::unique_ptr<const Architecture>;

/// A row of the registry in architecture.cpp: properties that are known before weights are loaded.
struct ArchitectureKind {
    const char* name;  ///< general.architecture
    ArchitecturePtr (*make)(const Hparams&, const GgufMetadata&, WeightLoader&);
    int rope_mode = GGML_ROPE_TYPE_NORMAL;  ///< ggml's RoPE mode: which elements form a pair
    NormKind norm = NormKind::rms;
    bool partial_rotary = false;   ///< RoPE may rotate only the first n_rot elements
    bool optional_window = false;  ///< Hparams::sliding_window may be set
    /// Of the layers that do not attend. Head counts may then differ between layers.
    Recurrence recurrence = Recurrence::none;
    /// Optional features, keys of a list in hparams.cpp, that the graph implements. A file that
    /// needs another one is refused.
    std::span<const char* const> demands = {};
};

/// Returns the row of architecture `name`. `path` is for the error message.
/// @throws Error(unsupported_model) with a list of the supported architectures.
const ArchitectureKind& architecture_kind(const std::string& path, const std::string& name);

/// Makes the file's architecture and names all its tensors; WeightLoader::load() fills them.
/// @throws Error(unsupported_model) for a tensor that the architecture does not use.
/// @throws Error(bad_model) for a missing tensor or a wrong shape.
ArchitecturePtr make_architecture(const Hparams& hparams, const GgufFile& file, WeightLoader& load);

/// Returns where an architecture's layers keep keys and values.
LayerPlan layer_plan(const Architecture& architecture, int n_layer);

/// A factory; it names the tensors of a file and reads the metadata that only its kind has.
using MakeArchitecture = ArchitecturePtr(const Hparams& hparams, const GgufMetadata& metadata,
                                         WeightLoader& load);

/// One for each file in arch/.
MakeArchitecture make_llama, make_qwen2, make_qwen3, make_gemma2, make_gemma3, make_phi3;
MakeArchitecture make_smollm3, make_granite, make_olmo2, make_glm4, make_exaone4, make_ernie4_5;
MakeArchitecture make_hunyuan_dense, make_seed_oss, make_command_r, make_cohere2, make_mistral3;
MakeArchitecture make_starcoder2, make_apertus, make_qwen3moe, make_olmoe;
MakeArchitecture make_glm4moe, make_ernie4_5_moe, make_gpt_oss;

MakeArchitecture make_lfm2, make_granite_hybrid, make_falcon_h1, make_qwen3next, make_qwen35;

}  // namespace infinipot
