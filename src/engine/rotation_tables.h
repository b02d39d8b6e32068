#pragma once

#include <vector>

#include "cache/rotation_table.h"
#include "model/model_impl.h"

namespace infinipot {

/// The rotation tables of the pot's layers, for positions 0..n_positions-1. Layers that rotate
/// alike share one. Immutable: any thread may use it.
class RotationTables {
   public:
    /// Computes the tables for a cache of this capacity.
    /// @throws Error(out_of_memory)
    RotationTables(const Model::Impl& model, int capacity, int n_positions, Backend& backend);

    const RotationTable& operator[](int il) const {
        return tables_[table_of_layer_[static_cast<std::size_t>(il)]];
    }

    std::size_t bytes() const;

   private:
    std::vector<RotationTable> tables_;
    std::vector<std::size_t> table_of_layer_;
};

}  // namespace infinipot
