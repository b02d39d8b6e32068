#include "eval/pots/pot_files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/atomic_file.h"
#include "base/page_memory.h"
#include "base/system_reason.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
    std::error_code failed;
    std::vector<fs::path> files;
    fs::directory_iterator entry(folder, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
        std::error_code ignored;
        if (!entry->is_regular_file(ignored)) continue;
        files.push_back(folder == "." ? entry->path().filename() : entry->path());
    }
    if (failed) {
        throw Error(ErrorCode::file_error,
                    folder.string() + " cannot be listed: " + system_reason(failed.value()));
    }
    std::ranges::sort(files);
    return files;
}

bool is_pot(const fs::path& file) {
    try {
        return is_snapshot(file);
    } catch (const Error&) {
        return false;  // it cannot be opened
    }
}

PotFile pot_of(const fs::path& file) {
    try {
        return {.path = file, .info = read_snapshot_info(file)};
    } catch (const Error& error) {
        return {.path = file, .damage = error.what()};
    }
}

void require_new(const fs::path& file) {
    if (file.empty()) throw Error(ErrorCode::invalid_argument, "the name of the copy is empty");
    std::error_code ignored;
    if (fs::symlink_status(file, ignored).type() == fs::file_type::not_found) return;
    throw Error(ErrorCode::file_error,
                file.string() + " exists and is not replaced; choose another name, or remove it");
}

bool is_damaged(const fs::path& pot) {
    try {
        verify_snapshot(pot);
        return false;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_snapshot) throw;
        return true;
    }
}

void require_removable(const fs::path& pot, bool damaged_too) {
    if (!is_snapshot(pot)) throw Error(ErrorCode::bad_snapshot, pot.string() + " is no pot");
    if (!damaged_too && is_damaged(pot)) {
        throw Error(ErrorCode::bad_snapshot,
                    pot.string() +
                        " is damaged, which infinipot pot verify explains; --force "
                        "removes it");
    }
    const fs::path folder = pot.has_parent_path() ? pot.parent_path() : fs::path(".");
    if (::access(folder.c_str(), W_OK | X_OK) == 0) return;
    throw Error(ErrorCode::file_error,
                pot.string() + " cannot be removed: " + system_reason(errno));
}

}  // namespace

std::vector<PotFile> pots_in(const fs::path& folder) {
    std::vector<PotFile> pots;
    for (const fs::path& file : files_in(folder))
        if (is_pot(file)) pots.push_back(pot_of(file));
    return pots;
}

void fork_pot(const fs::path& pot, const fs::path& copy, const std::function<void()>& between) {
    require_new(copy);
    verify_snapshot(pot);
    const PageFile from = PageFile::open(pot);
    const auto write = [&](const PageFile& file) {
        between();
        file.copy(from);
        between();
    };
    write_atomically(copy, write, OlderFile::stays);
}

void remove_pots(const std::vector<std::string>& pots, bool damaged_too) {
    try {
        for (const std::string& pot : pots) require_removable(pot, damaged_too);
    } catch (const Error& error) {
        throw Error(error.code(), std::string(error.what()) + "; nothing was removed");
    }
    for (const std::string& pot : pots) {
        std::error_code failed;
        fs::remove(pot, failed);
        if (!failed) continue;
        throw Error(ErrorCode::file_error,
                    pot + " cannot be removed: " + system_reason(failed.value()));
    }
}

}  // namespace infinipot::eval
