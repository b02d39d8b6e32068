#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/pots/pot_files.h"
#include "infinipot/snapshot.h"

/// What pots say of themselves, for people and for programs.
namespace infinipot::cli {

/// Returns a line for each fact.
std::string facts_of(const SnapshotInfo& info);

/// Returns a table with a line for each pot, damaged ones included; empty if there are none.
std::string table_of(const std::vector<eval::PotFile>& pots);

nlohmann::ordered_json to_json(const SnapshotInfo& info);
nlohmann::ordered_json to_json(const eval::PotFile& pot);

}  // namespace infinipot::cli
