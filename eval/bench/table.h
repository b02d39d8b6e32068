#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// The rows of `infinipot bench` as people read them.
namespace infinipot::eval {

/// Under each machine that was measured its rows, a column per number.
std::string bench_table(const std::vector<nlohmann::ordered_json>& rows);

/// Whether a line of results has all that the table shows.
bool is_bench_row(const nlohmann::ordered_json& row);

}  // namespace infinipot::eval
