#include "model/layer_plan.h"

#include <algorithm>

namespace infinipot {

LayerPlan::LayerPlan(std::vector<LayerKind> kinds) {
    if (std::ranges::count(kinds, LayerKind::global) == 0)
        std::ranges::replace(kinds, LayerKind::local, LayerKind::global);
    for (const LayerKind kind : kinds) {
        if (kind == LayerKind::global) in_pot_.push_back(n_layer());
        if (kind == LayerKind::local) local_.push_back(n_layer());
        places_.push_back({kind, n(kind)});
    }
}

int LayerPlan::n(LayerKind kind) const {
    return static_cast<int>(std::ranges::count(places_, kind, &Place::kind));
}

}  // namespace infinipot
