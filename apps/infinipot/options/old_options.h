#pragma once

#include <string>
#include <vector>

namespace infinipot::cli {

/// Returns the program's arguments with the spellings of release 0.1 replaced by today's. Remove
/// it, with its table, after release 0.2.
std::vector<std::string> with_todays_options(const std::vector<std::string>& arguments);

}  // namespace infinipot::cli
