#include <algorithm>
#include <cctype>
#include <fstream>
#include <system_error>

#include "models/stores/gguf_files.h"
#include "models/stores/hub_files.h"
#include "models/stores/stores.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view folder_prefix = "models--";

/// Returns "USER/REPO" of "models--USER--REPO"; empty for other folders.
std::string repository_of(const fs::path& folder) {
    std::string name = folder.filename().string();
    if (!name.starts_with(folder_prefix)) return {};
    name.erase(0, folder_prefix.size());
    const std::size_t separator = name.find("--");
    if (separator == std::string::npos) return {};
    return name.replace(separator, 2, "/");
}

/// Returns the commit that a file of refs/ names, if its snapshot is there.
fs::path snapshot_of(const fs::path& repository, const fs::path& ref) {
    std::ifstream file(ref);
    std::string commit;
    std::getline(file, commit);
    const bool is_hash = !commit.empty() && std::ranges::all_of(commit, [](unsigned char c) {
        return std::isxdigit(c) != 0;
    });
    const fs::path snapshot = repository / "snapshots" / commit;
    std::error_code ignored;
    return is_hash && fs::is_directory(snapshot, ignored) ? snapshot : fs::path();
}

/// Returns the snapshot of the branch main, else of another one; empty if there is none.
fs::path current_snapshot(const fs::path& repository) {
    const fs::path refs = repository / "refs";
    if (const fs::path main = snapshot_of(repository, refs / "main"); !main.empty()) return main;
    std::error_code error;
    for (fs::directory_iterator i(refs, error); !error && i != fs::directory_iterator();
         i.increment(error))
        if (const fs::path other = snapshot_of(repository, i->path()); !other.empty()) return other;
    return {};
}

/// Returns whether every part of the model that begins with this file is there.
bool is_whole(const fs::path& snapshot, const std::string& file) {
    const auto name = parse_gguf_name(file);
    std::error_code ignored;
    for (int part = 1; part <= name->n_parts; ++part)
        if (!fs::exists(snapshot / part_name(*name, part), ignored)) return false;
    return true;
}

class HubStore final : public ModelSource {
   public:
    explicit HubStore(Folders folders) : folders_(std::move(folders)) {}

    std::string_view title() const override { return "Hugging Face"; }
    std::string_view prefix() const override { return hub_prefix; }

    std::vector<StoredModel> models() const override {
        std::vector<StoredModel> all;
        for (const Repository& repository : repositories())
            for (const std::string& file : repository.files) {
                const std::string name = full_name(repository, file);
                if (std::ranges::find(all, name, &StoredModel::name) == all.end())
                    all.push_back({name, repository.snapshot / file});
            }
        std::ranges::sort(all, {}, &StoredModel::name);
        return all;
    }

    std::optional<StoredModel> find(const std::string& given) const override {
        const auto text = without_prefix(given, *this);
        const auto name = text ? parse_hub_name(*text) : std::nullopt;
        if (!name) return std::nullopt;
        for (const Repository& repository : repositories()) {
            if (repository.name != name->repository) continue;
            const auto file = choose_hub_file(repository.files, name->type);
            if (file) return StoredModel{full_name(repository, *file), repository.snapshot / *file};
        }
        return std::nullopt;
    }

   private:
    struct Repository {
        std::string name;
        fs::path snapshot;
        std::vector<std::string> files;  ///< whole models, by their first files
    };

    static std::string full_name(const Repository& repository, const std::string& file) {
        const std::string type = parse_gguf_name(file)->type;
        return std::string(hub_prefix) + ':' + repository.name + (type.empty() ? "" : ':' + type);
    }

    std::vector<Repository> repositories() const {
        std::vector<Repository> all;
        for (const fs::path& folder : folders_) {
            std::error_code error;
            for (fs::directory_iterator i(folder, error); !error && i != fs::directory_iterator();
                 i.increment(error))
                if (Repository each = read(i->path()); !each.files.empty())
                    all.push_back(std::move(each));
        }
        return all;
    }

    static Repository read(const fs::path& folder) {
        Repository repository = {repository_of(folder), current_snapshot(folder), {}};
        if (repository.name.empty() || repository.snapshot.empty()) return repository;
        for (const fs::path& file : model_files(repository.snapshot, 2)) {
            const auto name = file.lexically_relative(repository.snapshot).generic_string();
            if (is_whole(repository.snapshot, name)) repository.files.push_back(name);
        }
        return repository;
    }

    Folders folders_;
};

/// Returns the Hub's cache folder, by the rules of its own library.
fs::path own_folder(const Variables& variables) {
    for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
        if (const fs::path folder = variables.folder(name); !folder.empty()) return folder;
    if (const fs::path home = variables.folder("HF_HOME"); !home.empty()) return home / "hub";
    return variables.cache("huggingface") / "hub";
}

}  // namespace

SourcePtr hub_store(Folders folders) { return std::make_unique<HubStore>(std::move(folders)); }

Folders hub_folders(const Variables& variables) {
    Folders folders = {own_folder(variables)};
    // llama.cpp keeps the Hub's layout in a folder of its own if it is told so.
    if (const fs::path folder = variables.folder("LLAMA_CACHE"); !folder.empty())
        folders.push_back(folder);
    return folders;
}

}  // namespace infinipot::models
