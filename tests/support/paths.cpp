#include "support/paths.h"

#include <cstdlib>

namespace infinipot {

std::string source_file(const std::string& name) { return INFINIPOT_SOURCE_DIR "/" + name; }

std::string llama_file(const std::string& name) { return INFINIPOT_LLAMA_SOURCE_DIR "/" + name; }

std::string data_folder() {
    const char* from_environment = std::getenv("INFINIPOT_DATA_DIR");
    return from_environment != nullptr ? from_environment : INFINIPOT_DATA_DIR;
}

}  // namespace infinipot
