#include "engine/rotation_tables.h"

#include <algorithm>

namespace infinipot {

RotationTables::RotationTables(const Model::Impl& model, int capacity, int n_positions,
                               Backend& backend) {
    std::vector<Rotation> known;
    for (int il = 0; il < model.size->layers().n(LayerKind::global); ++il) {
        const Rotation rotation = model.pot_attention(il, capacity).rotation;
        const auto at = std::ranges::find(known, rotation);
        table_of_layer_.push_back(static_cast<std::size_t>(at - known.begin()));
        if (at != known.end()) continue;
        known.push_back(rotation);
        tables_.emplace_back(rotation, model.hparams.n_embd_head, n_positions, backend);
    }
}

std::size_t RotationTables::bytes() const {
    std::size_t sum = 0;
    for (const RotationTable& table : tables_) sum += table.bytes();
    return sum;
}

}  // namespace infinipot
