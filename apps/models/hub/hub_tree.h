#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/hub/hub_access.h"

namespace infinipot::models {

/// A file of a repository.
struct HubFile {
    std::string path;  ///< in the repository, with slashes
    std::string id;    ///< SHA-256 of 64 digits of a large file, else git's hash of 40
    std::uint64_t bytes = 0;
};

/// The files of a repository at one commit.
struct HubTree {
    std::string commit;  ///< 40 hexadecimal digits
    std::vector<HubFile> files;
};

/// Asks the Hub for the files of a repository's branch `main`. A file whose path or id could do
/// harm is left out. `repository` is "USER/REPO". `poll` is called often and may throw.
/// @throws Error(file_error) with one sentence if the Hub refuses, is not reached or answers
/// nonsense.
HubTree hub_tree(const HubAccess& access, const std::string& repository,
                 const std::function<void()>& poll);

/// Returns whether a text has that many hexadecimal digits and nothing else.
bool is_hash(std::string_view text, std::size_t n_digits);

}  // namespace infinipot::models
