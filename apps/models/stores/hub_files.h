#pragma once

#include <optional>
#include <string>
#include <vector>

/// Names of the Hub: repositories, and the files in them.
namespace infinipot::models {

/// A repository and the type of the weights that is wanted: "USER/REPO:Q4_K_M".
struct HubName {
    std::string repository;  ///< "USER/REPO"
    std::string type = {};   ///< empty: the default
};

/// Reads "USER/REPO[:TYPE]"; nothing if the text is no such name.
std::optional<HubName> parse_hub_name(const std::string& text);

/// Returns the name of the folder of a repository in the Hub's cache: "models--USER--REPO".
std::string hub_folder_name(const std::string& repository);

/// Chooses a model among the files of a repository, as llama.cpp does: the first whose name has the
/// type; without a wanted type Q4_K_M, else Q8_0, else the first model. Returns the first part of a
/// model in several files, or nothing if there is none.
std::optional<std::string> choose_hub_file(const std::vector<std::string>& files,
                                           const std::string& type);

}  // namespace infinipot::models
