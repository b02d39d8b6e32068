#pragma once

#include <string>
#include <vector>

namespace infinipot::cli {

/// The program's arguments, the spellings of release 0.1 replaced by today's. To be removed after
/// release 0.2, with its table.
std::vector<std::string> with_todays_options(const std::vector<std::string>& arguments);

}  // namespace infinipot::cli
