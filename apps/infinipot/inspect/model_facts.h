#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "infinipot/infinipot.h"

/// A model, the entries that memory budgets buy with it, and those of the budget that was asked
/// for.
namespace infinipot::cli {

/// Returns a line for each fact, and a table of entries by memory and number format.
std::string facts_of(const Model& model, const ResolvedOptions& asked);

nlohmann::ordered_json to_json(const Model& model, const ResolvedOptions& asked);

}  // namespace infinipot::cli
