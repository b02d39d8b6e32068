#pragma once

#include <filesystem>
#include <string_view>

namespace infinipot {

/// A file that `infinipot pull` keeps, whether it is there or not. `make test` fetches what is
/// needed.
std::filesystem::path cached_model(std::string_view file_name);

}  // namespace infinipot
