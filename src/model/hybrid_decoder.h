#pragma once

#include <variant>
#include <vector>

#include "model/decoder.h"
#include "model/recurrent/gated_delta_net.h"
#include "model/recurrent/mamba2.h"
#include "model/recurrent/short_convolution.h"

namespace infinipot {

/// Which layers of a hybrid are recurrent.
enum class RecurrentLayers {
    without_attention,  ///< those that do not attend
    all,                ///< all; a layer that attends adds both results
};

/// A decoder with recurrent layers, all of the kind that Hparams::recurrent says. They keep the
/// past in a state of fixed size, from which the pot evicts nothing.
class HybridDecoder : public Decoder {
   public:
    /// Names all tensors.
    HybridDecoder(const Hparams& hparams, WeightLoader& load, const BlockLayout& layout,
                  RecurrentLayers recurrent = RecurrentLayers::without_attention);

    LayerKind kind(int il) const override {
        return attends(il) ? Decoder::kind(il) : LayerKind::recurrent;
    }

    std::vector<StateShape> state(int il) const override;

    std::size_t nodes_per_layer() const override { return Decoder::nodes_per_layer() + 72; }

   protected:
    ggml_tensor* mix(GraphBuilder& g, int il, ggml_tensor* x) const override;

   private:
    using RecurrentLayer = std::variant<std::monostate, ShortConvolution, Mamba2, GatedDeltaNet>;

    bool attends(int il) const { return attends_[static_cast<std::size_t>(il)]; }
    bool recurs(int il) const { return recurrent_layer(il).index() > 0; }
    const RecurrentLayer& recurrent_layer(int il) const {
        return recurrent_layers_[static_cast<std::size_t>(il)];
    }
    ggml_tensor* recur(GraphBuilder& g, int il, ggml_tensor* x) const;

    std::vector<bool> attends_;
    RecurrentShape shape_;
    std::vector<RecurrentLayer> recurrent_layers_;  // of each layer
};

}  // namespace infinipot
