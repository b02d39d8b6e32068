#pragma once

#include <memory>
#include <string>
#include <vector>

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

    /// How layer il rotates its keys.
    virtual const Rotation& rotation(int il) const = 0;

    /// Upper bound on the graph nodes per layer of hidden(), a hook's not counted.
    virtual std::size_t nodes_per_layer() const { return 48; }
};

using ArchitecturePtr = std::unique_ptr<const Architecture>;

/// Names all tensors of the architecture that `hparams` asks for; WeightLoader::load() fills them.
/// @throws Error(unsupported_model) naming the supported ones, Error(bad_model) for a missing
/// tensor or
///         a wrong shape.
ArchitecturePtr make_architecture(const Hparams& hparams, WeightLoader& load);

/// @throws Error(unsupported_model) naming the supported ones.
void require_supported_architecture(const std::string& path, const std::string& name);

/// One function per file in arch/.
ArchitecturePtr make_llama(const Hparams& hparams, WeightLoader& load);

}  // namespace infinipot
