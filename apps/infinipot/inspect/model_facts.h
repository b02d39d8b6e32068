#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "infinipot/infinipot.h"

/// A model, and the entries that a memory budget buys with it.
namespace infinipot::cli {

/// Returns a line for each fact, and a table of entries by memory and number format.
std::string facts_of(const Model& model);

nlohmann::ordered_json to_json(const Model& model);

}  // namespace infinipot::cli
