#include "terminal/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "infinipot/error.h"
#include "terminal/interrupt.h"

namespace infinipot::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const std::string& path) {
    throw Error(ErrorCode::file_error, "cannot write " + path);
}

std::string unfinished(const std::string& path) { return path + ".partial"; }

}  // namespace

void print(std::string_view text) {
    std::fflush(stdout);
    while (!text.empty()) {
        const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
        if (n >= 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
            continue;
        }
        if (errno == EINTR) continue;  // a signal that the caller will notice
        if (errno == EPIPE) throw ClosedOutput();
        throw Error(ErrorCode::file_error, "cannot write to the standard output: " +
                                               std::generic_category().message(errno));
    }
}

void require_writable(const std::string& path) {
    std::error_code ignored;
    if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
        throw Error(ErrorCode::file_error, "cannot write " + path + ": it is no file");
    }
    if (!std::ofstream(unfinished(path))) cannot_write(path);
    fs::remove(unfinished(path), ignored);
}

void write_whole(const std::string& path, std::string_view text) {
    const DeleteOnInterrupt deletes(unfinished(path));
    std::ofstream file(unfinished(path), std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    std::error_code failed;
    if (file) fs::rename(unfinished(path), path, failed);
    if (file && !failed) return;
    fs::remove(unfinished(path), failed);
    cannot_write(path);
}

}  // namespace infinipot::cli
