#pragma once

#include <string>

namespace infinipot {

/// A file of this project's source tree, such as "samples/sherlock-holmes.txt".
std::string source_file(const std::string& name);

/// A file of the pinned llama.cpp source tree, such as "models/templates/NAME.jinja".
std::string llama_file(const std::string& name);

/// The folder that the environment, else CMake, names in INFINIPOT_DATA_DIR; empty if neither does.
std::string data_folder();

}  // namespace infinipot
