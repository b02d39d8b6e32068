#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "models/stores/stores.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view own_host = "registry.ollama.ai";
constexpr std::string_view own_namespace = "library";
constexpr std::string_view model_layer = "application/vnd.ollama.image.model";
constexpr std::string_view digest_kind = "sha256:";
constexpr std::string_view default_tag = "latest";

bool is_digest(std::string_view text) {
    return text.starts_with(digest_kind) && text.size() == digest_kind.size() + 64 &&
           std::ranges::all_of(text.substr(digest_kind.size()),
                               [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// Returns the digest of the file with the weights; empty if the manifest names none.
std::string digest_in(const fs::path& manifest) {
    std::ifstream file(manifest);
    const auto json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_object() || !json.contains("layers") || !json["layers"].is_array()) return {};
    for (const auto& layer : json["layers"]) {
        if (!layer.is_object() || layer.value("mediaType", nlohmann::json()) != model_layer)
            continue;
        const auto digest = layer.value("digest", nlohmann::json());
        if (digest.is_string() && is_digest(digest.get<std::string>()))
            return digest.get<std::string>();
    }
    return {};
}

/// Returns the file of a digest, "blobs/sha256-..."; old versions wrote a colon.
fs::path blob(const fs::path& folder, std::string digest) {
    std::error_code ignored;
    const fs::path old = folder / "blobs" / digest;
    std::ranges::replace(digest, ':', '-');
    const fs::path file = folder / "blobs" / digest;
    if (fs::exists(file, ignored)) return file;
    return fs::exists(old, ignored) ? old : fs::path();
}

/// Returns "qwen2.5:1.5b" for the manifest HOST/NAMESPACE/MODEL/TAG of Ollama's own library. Other
/// models keep their namespace and host.
std::string name_of(const fs::path& manifest) {
    const auto words = std::vector<fs::path>(manifest.begin(), manifest.end());
    std::string name;
    const std::size_t n = words.size();
    for (std::size_t i = 0; i + 2 < n; ++i) {
        const bool is_own = (i == 0 && words[0] == own_host) ||
                            (i == 1 && words[0] == own_host && words[1] == own_namespace);
        if (!is_own) name += words[i].string() + '/';
    }
    return name + words[n - 2].string() + ':' + words[n - 1].string();
}

bool equal_but_for_case(const std::string& a, const std::string& b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

class OllamaStore final : public ModelSource {
   public:
    explicit OllamaStore(Folders folders) : folders_(std::move(folders)) {}

    std::string_view title() const override { return "Ollama"; }
    std::string_view prefix() const override { return ollama_prefix; }

    std::vector<StoredModel> models() const override {
        std::vector<StoredModel> all;
        for (const fs::path& folder : folders_) add_models(folder, all);
        std::ranges::sort(all, {}, &StoredModel::name);
        const auto same = std::ranges::unique(all, {}, &StoredModel::name);
        all.erase(same.begin(), same.end());
        return all;
    }

    std::optional<StoredModel> find(const std::string& given) const override {
        const auto name = without_prefix(given, *this);
        if (!name || name->empty()) return std::nullopt;
        std::string wanted = std::string(ollama_prefix) + ':' + *name;
        if (name->rfind(':') == std::string::npos) wanted += ':' + std::string(default_tag);
        for (StoredModel& model : models())
            if (equal_but_for_case(model.name, wanted)) return std::move(model);
        return std::nullopt;
    }

   private:
    static void add_models(const fs::path& folder, std::vector<StoredModel>& all) {
        const fs::path manifests = folder / "manifests";
        std::error_code error;
        for (fs::recursive_directory_iterator i(manifests, error);
             !error && i != fs::recursive_directory_iterator(); i.increment(error)) {
            std::error_code ignored;
            if (!i->is_regular_file(ignored) || i.depth() < 3) continue;
            const std::string digest = digest_in(i->path());
            if (digest.empty()) continue;
            const fs::path file = blob(folder, digest);
            const std::string name = name_of(i->path().lexically_relative(manifests));
            if (!file.empty()) all.push_back({std::string(ollama_prefix) + ':' + name, file});
        }
    }

    Folders folders_;
};

}  // namespace

SourcePtr ollama_store(Folders folders) {
    return std::make_unique<OllamaStore>(std::move(folders));
}

Folders ollama_folders(const Variables& variables) {
    Folders folders;
    if (const fs::path own = variables.folder("OLLAMA_MODELS"); !own.empty()) folders = {own};
    folders.push_back(variables.home(".ollama/models"));
    folders.emplace_back("/usr/share/ollama/.ollama/models");  // Ollama as a service
    return folders;
}

}  // namespace infinipot::models
