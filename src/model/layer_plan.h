#pragma once

#include <cstddef>
#include <vector>

namespace infinipot {

/// The reach of a layer's attention, which decides where it keeps keys and values.
enum class LayerKind {
    global,     ///< all that is kept of the text: entries in the KV cache, the pot
    local,      ///< the last tokens read alone
    recurrent,  ///< it has no attention; FixedState holds what it keeps
};

/// The places where the layers of a model keep keys and values. The pot holds the global layers
/// alone, so that policies, distillations and measurements know no others: its layer i is the i-th
/// global one. In a model without global layers the local ones are in the pot, and their windows
/// are counted in slots. Immutable.
class LayerPlan {
   public:
    /// kinds[il]: of layer il, as the architecture says.
    explicit LayerPlan(std::vector<LayerKind> kinds);

    int n_layer() const { return static_cast<int>(places_.size()); }
    LayerKind kind(int il) const { return place(il).kind; }

    /// Returns the index of layer il among those of its kind; its layer of the pot if it is global.
    int index(int il) const { return place(il).index; }

    /// Returns the number of layers of a kind.
    int n(LayerKind kind) const;

    /// Returns the layer of the model that is layer i of the pot.
    int layer_of_pot(int i) const { return in_pot_[static_cast<std::size_t>(i)]; }

    /// Returns the layer of the model that is the i-th local one.
    int local_layer(int i) const { return local_[static_cast<std::size_t>(i)]; }

   private:
    struct Place {
        LayerKind kind;
        int index;
    };
    const Place& place(int il) const { return places_[static_cast<std::size_t>(il)]; }

    std::vector<Place> places_;
    std::vector<int> in_pot_, local_;
};

}  // namespace infinipot
