#include "models/hub/hub_pull.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "base/byte_size.h"
#include "base/printable.h"
#include "base/word_list.h"
#include "infinipot/error.h"
#include "models/hub/hub_access.h"
#include "models/hub/hub_download.h"
#include "models/hub/hub_tree.h"
#include "models/pull/disk_room.h"
#include "models/stores/gguf_files.h"
#include "models/stores/stores.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::file_error, sentence);
}

void make_folders(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail("cannot write " + folder.string() + ": " + error.message());
}

std::uint64_t size_or_none(const fs::path& file) {
    std::error_code missing;
    const std::uintmax_t size = fs::file_size(file, missing);
    return missing ? 0 : size;
}

/// Returns the files of the model that a name stands for, in order.
std::vector<HubFile> files_of(const HubName& name, const HubTree& tree) {
    std::vector<std::string> paths;
    for (const HubFile& file : tree.files) paths.push_back(file.path);
    const auto first = choose_hub_file(paths, name.type);
    if (!first) {
        std::set<std::string> types;
        for (const std::string& path : paths)
            if (const auto gguf = parse_gguf_name(path); gguf && !gguf->type.empty())
                types.insert(gguf->type);
        fail("the repository " + name.repository + " has no GGUF model" +
             (types.empty()
                  ? ""
                  : " of type " + name.type + ", but of " + printable_line(one_of(types))));
    }
    const auto gguf = parse_gguf_name(*first);
    std::vector<HubFile> files;
    for (int part = 1; part <= gguf->n_parts; ++part) {
        const auto found = std::ranges::find(tree.files, part_name(*gguf, part), &HubFile::path);
        if (found == tree.files.end())
            fail("the repository " + name.repository + " lacks the file " + part_name(*gguf, part));
        files.push_back(*found);
    }
    return files;
}

class HubPull {
   public:
    HubPull(const HubName& name, const HubAccess& access, const fs::path& cache, PullWatch& watch)
        : name_(name),
          access_(access),
          folder_(cache / hub_folder_name(name.repository)),
          watch_(watch) {}

    fs::path run() {
        const HubTree tree = hub_tree(access_, name_.repository, [&] { watch_.check(); });
        commit_ = tree.commit;
        const std::vector<HubFile> files = files_of(name_, tree);
        begin(files);
        for (const HubFile& file : files) get(file);
        write_ref();
        return link(files.front());
    }

   private:
    fs::path blob(const HubFile& file) const { return folder_ / "blobs" / file.id; }
    fs::path link(const HubFile& file) const { return folder_ / "snapshots" / commit_ / file.path; }

    bool is_here(const HubFile& file) const {
        std::error_code ignored;
        return fs::exists(link(file), ignored) || fs::exists(blob(file), ignored);
    }

    /// Says what is going to be loaded, and checks that there is room for it.
    void begin(const std::vector<HubFile>& files) {
        std::uint64_t missing = 0;
        for (const HubFile& file : files) {
            total_ += file.bytes;
            if (is_here(file)) continue;
            const std::uint64_t here = size_or_none(blob(file).string() + ".incomplete");
            missing += file.bytes - std::min(here, file.bytes);
        }
        if (missing == 0) return;
        make_folders(folder_ / "blobs");
        require_disk_room(folder_, missing);
        std::string line = "getting " + printable_line(files.front().path) + " of " +
                           name_.repository + ", " + format_byte_size(total_);
        if (missing < total_)
            line += ", of which " + format_byte_size(total_ - missing) + " are here";
        watch_.tell(line);
    }

    void get(const HubFile& file) {
        if (!is_here(file))
            download_hub_file(access_, name_.repository, commit_, file, blob(file),
                              [&](std::uint64_t bytes) {
                                  watch_.check();
                                  watch_.progress(done_ + bytes, total_);
                              });
        done_ += file.bytes;
        add_link(file);
    }

    /// Puts a file into the snapshot. A disk without links gets the file itself.
    void add_link(const HubFile& file) const {
        std::error_code error;
        if (fs::exists(link(file), error)) return;
        make_folders(link(file).parent_path());
        fs::remove(link(file), error);  // one that leads nowhere
        const fs::path target = blob(file).lexically_relative(link(file).parent_path());
        fs::create_symlink(target, link(file), error);
        if (error) fs::rename(blob(file), link(file), error);
        if (error) fail("cannot write " + link(file).string() + ": " + error.message());
    }

    void write_ref() const {
        make_folders(folder_ / "refs");
        const fs::path ref = folder_ / "refs" / "main";
        const fs::path unfinished = folder_ / "refs" / ".main.unfinished";
        std::ofstream file(unfinished);
        file << commit_;
        file.close();
        std::error_code error;
        if (file) fs::rename(unfinished, ref, error);
        if (!file || error) fail("cannot write " + ref.string());
    }

    const HubName& name_;
    const HubAccess& access_;
    fs::path folder_;
    PullWatch& watch_;
    std::string commit_;
    std::uint64_t total_ = 0;
    std::uint64_t done_ = 0;
};

}  // namespace

fs::path pull_from_hub(const HubName& name, const Variables& variables, PullWatch& watch) {
    const HubAccess access = HubAccess::of(variables);
    const Folders folders = hub_folders(variables);
    if (!access.offline) return HubPull(name, access, folders.front(), watch).run();
    const std::string text = name.repository + (name.type.empty() ? "" : ':' + name.type);
    const auto found = hub_store(folders)->find(text);
    if (found) return found->path;
    fail("HF_HUB_OFFLINE is set, and the Hub's cache has no model " + text);
}

}  // namespace infinipot::models
