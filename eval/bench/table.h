#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// The rows of `infinipot bench` as people read them.
namespace infinipot::eval {

/// Returns a table of the rows below each machine that was measured, with a column per number.
std::string bench_table(const std::vector<nlohmann::ordered_json>& rows);

/// Returns whether a line of results has all members that the table shows.
bool is_bench_row(const nlohmann::ordered_json& row);

}  // namespace infinipot::eval
