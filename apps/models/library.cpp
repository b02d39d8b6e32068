#include "models/library.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "base/nearest.h"
#include "infinipot/error.h"
#include "models/catalogue.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_names = 8;

bool is_written_as_path(const std::string& name) {
    return name.starts_with('/') || name.starts_with("./") || name.starts_with("../") ||
           name.starts_with('~') || std::string_view(name).ends_with(".gguf");
}

/// Returns "a, b and c"; of many names the first, and how many there are besides.
std::string listed(const std::vector<std::string>& names) {
    std::string text;
    const std::size_t n = std::min(names.size(), most_names);
    for (std::size_t i = 0; i < n; ++i) {
        const bool last = i + 1 == n && n == names.size();
        text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
    }
    if (n < names.size()) text += " and " + std::to_string(names.size() - n) + " more";
    return text;
}

}  // namespace

ModelLibrary ModelLibrary::of(const Variables& variables) {
    std::vector<SourcePtr> sources;
    sources.push_back(own_store(model_folder(variables)));
    sources.push_back(hub_store(hub_folders(variables)));
    sources.push_back(ollama_store(ollama_folders(variables)));
    sources.push_back(lm_studio_store(lm_studio_folders(variables)));
    sources.push_back(llama_cpp_store(llama_cpp_folders(variables)));
    return ModelLibrary(std::move(sources));
}

fs::path ModelLibrary::find(const std::string& name) const {
    for (const SourcePtr& source : sources_)
        if (const auto model = source->find(name)) return model->path;
    return {};
}

fs::path ModelLibrary::resolve(const std::string& name) const {
    std::error_code ignored;
    if (fs::exists(name, ignored)) return name;
    if (!is_written_as_path(name))
        if (const fs::path found = find(name); !found.empty()) return found;
    refuse(name);
}

void ModelLibrary::refuse(const std::string& name) const {
    if (is_written_as_path(name))
        throw Error(ErrorCode::file_error, "there is no model file \"" + name + '"');
    std::string sentence = "there is no model \"" + name + '"';
    if (find_in_catalogue(name) != nullptr || name.starts_with("hf:"))
        throw Error(ErrorCode::file_error,
                    sentence + " on this machine; infinipot pull " + name + " gets it");
    std::vector<std::string> here;
    for (const SourcePtr& source : sources_)
        for (const StoredModel& model : source->models()) here.push_back(model.name);
    std::vector<std::string> known = here;
    std::vector<std::string> offered;
    for (const CataloguedModel& model : catalogue())
        if (std::ranges::find(here, model.name) == here.end()) offered.push_back(model.name);
    known.insert(known.end(), offered.begin(), offered.end());
    if (const auto meant = nearest(name, known)) sentence += " (did you mean " + *meant + "?)";
    sentence += here.empty() ? "; there is none here" : "; here are " + listed(here);
    if (!offered.empty()) sentence += ", and infinipot pull NAME gets " + listed(offered);
    throw Error(ErrorCode::file_error, sentence);
}

}  // namespace infinipot::models
