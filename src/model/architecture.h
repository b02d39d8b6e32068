#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gguf/metadata.h"
#include "model/attention.h"
#include "model/graph_builder.h"
#include "model/hparams.h"
#include "model/weights.h"

namespace infinipot {

/// One kind of transformer: its weights and its forward pass. Immutable once its weights are
/// loaded. A new architecture is one file in arch/ and one row in architecture.cpp.
class Architecture {
   public:
    virtual ~Architecture() = default;

    /// The hidden states behind the last norm: [n_embd, n_tokens].
    virtual ggml_tensor* hidden(GraphBuilder& g) const = 0;

    /// The next token's logits from hidden states: [n_vocab, n_tokens].
    virtual ggml_tensor* logits(Operators& g, ggml_tensor* hidden) const = 0;

    /// How layer il attends in a pot of this capacity.
    virtual Attention attention(int il, int capacity) const = 0;

    /// Upper bound on the graph nodes per layer of hidden(), a hook's not counted.
    virtual std::size_t nodes_per_layer() const { return 64; }
};

using ArchitecturePtr = std::unique_ptr<const Architecture>;

/// A row of the registry in architecture.cpp: what is known of an architecture before its weights.
struct ArchitectureKind {
    const char* name;  ///< general.architecture
    ArchitecturePtr (*make)(const Hparams&, const GgufMetadata&, WeightLoader&);
    int rope_mode = GGML_ROPE_TYPE_NORMAL;  ///< which halves of a head turn together
    bool partial_rotary = false;            ///< RoPE may turn the first n_rot of a head alone
    bool optional_window = false;           ///< Hparams::sliding_window may be set
    /// Those keys of hparams.cpp's list of demands that the graph meets; the others are refused.
    std::span<const char* const> demands = {};
};

/// @throws Error(unsupported_model) naming the supported ones.
const ArchitectureKind& architecture_kind(const std::string& path, const std::string& name);

/// Names all tensors of the architecture that the file asks for; WeightLoader::load() fills them.
/// @throws Error(unsupported_model) for a tensor that the architecture has no use for,
///         Error(bad_model) for a missing tensor or a wrong shape.
ArchitecturePtr make_architecture(const Hparams& hparams, const GgufFile& file, WeightLoader& load);

/// One function per file in arch/.
ArchitecturePtr make_llama(const Hparams& hparams, const GgufMetadata& metadata,
                           WeightLoader& load);
ArchitecturePtr make_qwen2(const Hparams& hparams, const GgufMetadata& metadata,
                           WeightLoader& load);
ArchitecturePtr make_qwen3(const Hparams& hparams, const GgufMetadata& metadata,
                           WeightLoader& load);
ArchitecturePtr make_gemma2(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load);
ArchitecturePtr make_gemma3(const Hparams& hparams, const GgufMetadata& metadata,
                            WeightLoader& load);
ArchitecturePtr make_phi3(const Hparams& hparams, const GgufMetadata& metadata, WeightLoader& load);

}  // namespace infinipot
