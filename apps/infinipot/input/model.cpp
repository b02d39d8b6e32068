#include "input/model.h"

#include <filesystem>

#include "models/library.h"
#include "models/pull/pull.h"
#include "terminal/download_host.h"

namespace infinipot::cli {
namespace {

std::filesystem::path file_of(const eval::Method& method) {
    const models::Variables variables;
    const auto library = models::ModelLibrary::of(variables);
    if (!method.gets_model) return library.resolve(method.model);
    if (auto found = library.find(method.model); !found.empty()) return found;
    DownloadHost host(false);
    return models::pull(method.model, variables, host);
}

}  // namespace

Model load_model(const eval::Method& method) {
    return Model::load(file_of(method), method.model_options);
}

}  // namespace infinipot::cli
