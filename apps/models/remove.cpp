#include "models/remove.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "base/byte_size.h"
#include "infinipot/error.h"
#include "models/library.h"
#include "models/pull/disk_room.h"
#include "models/pull/unfinished.h"
#include "models/stores/gguf_files.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

/// The files of one name.
struct Doomed {
    std::string name;
    std::vector<fs::path> paths;
};

std::vector<fs::path> all_parts(const fs::path& first) {
    const auto name = parse_gguf_name(first.filename().string());
    std::vector<fs::path> parts;
    for (int part = 1; part <= name->n_parts; ++part)
        parts.push_back(first.parent_path() / part_name(*name, part));
    return parts;
}

Doomed doomed_of(const std::string& name, const Variables& variables) {
    const fs::path folder = model_folder(variables);
    Doomed doomed = {name, {}};
    if (name.find('/') == std::string::npos) {
        if (const auto own = own_store(folder)->find(name)) doomed.paths = all_parts(own->path);
        const fs::path unfinished = Unfinished::folder_for(folder, name);
        std::error_code ignored;
        if (!name.empty() && fs::exists(unfinished, ignored)) doomed.paths.push_back(unfinished);
    }
    if (!doomed.paths.empty()) return doomed;
    const fs::path elsewhere = ModelLibrary::of(variables).find(name);
    if (!elsewhere.empty())
        throw Error(ErrorCode::file_error, '"' + name +
                                               "\" lies in a store of other programs, at " +
                                               elsewhere.string() + "; nothing was removed");
    throw Error(ErrorCode::file_error, "there is no model \"" + name + "\" in " + folder.string() +
                                           "; nothing was removed");
}

std::uint64_t bytes_of(const fs::path& path) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) return bytes_below(path);
    const std::uintmax_t size = fs::file_size(path, ignored);
    return ignored ? 0 : size;
}

}  // namespace

std::vector<std::string> remove_models(const std::vector<std::string>& names,
                                       const Variables& variables) {
    std::vector<Doomed> all;
    for (const std::string& name : names) all.push_back(doomed_of(name, variables));
    std::vector<std::string> lines;
    for (const Doomed& doomed : all) {
        std::uint64_t bytes = 0;
        for (const fs::path& path : doomed.paths) {
            bytes += bytes_of(path);
            std::error_code error;
            fs::remove_all(path, error);
            if (error)
                throw Error(ErrorCode::file_error,
                            path.string() + " cannot be removed: " + error.message());
        }
        lines.push_back("removed " + doomed.name + ", " + format_byte_size(bytes));
    }
    return lines;
}

}  // namespace infinipot::models
