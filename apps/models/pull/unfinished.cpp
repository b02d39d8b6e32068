#include "models/pull/unfinished.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <span>
#include <system_error>
#include <vector>

#include "base/system_reason.h"
#include "infinipot/error.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const fs::path& path, int error) {
    throw Error(ErrorCode::file_error,
                "cannot write " + path.string() + ": " + system_reason(error));
}

PageFile open(const fs::path& path, int flags) {
    PageFile file(::open(path.c_str(), flags | O_CLOEXEC, 0666));
    if (file.descriptor() < 0) cannot_write(path, errno);
    return file;
}

/// Copies `source` to `offset` of `target`, and returns the number of bytes.
std::uint64_t copy(const PageFile& source, const PageFile& target, std::uint64_t offset) {
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    std::size_t n_copied = 0;
    while (const std::size_t n = source.read(buffer, n_copied)) {
        target.write(std::span(buffer).first(n), offset + n_copied);
        n_copied += n;
    }
    return n_copied;
}

}  // namespace

fs::path Unfinished::folder_for(const fs::path& folder, const std::string& name) {
    return folder / ("." + name + ".unfinished");
}

Unfinished::Unfinished(const fs::path& folder, const std::string& name)
    : folder_(folder_for(folder, name)) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) cannot_write(folder_, error.value());
    lock_ = open(folder_ / "lock", O_RDWR | O_CREAT);
    if (::flock(lock_.descriptor(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        throw Error(ErrorCode::file_error, "another program is getting " + name + " already");
    read_sizes();
}

/// The file of sizes has a line for each part: the bytes of all parts up to it.
void Unfinished::read_sizes() {
    std::error_code missing;
    const std::uint64_t here = fs::file_size(file(), missing);
    if (missing) return;
    std::ifstream sizes(sizes_file());
    for (std::uint64_t size = 0; sizes >> size && size <= here;) sizes_.push_back(size);
}

void Unfinished::write_sizes() const {
    const fs::path unfinished = folder_ / "parts.new";
    std::ofstream file(unfinished);
    for (const std::uint64_t size : sizes_) file << size << '\n';
    file.close();
    if (!file) cannot_write(unfinished, ENOSPC);
    std::error_code error;
    fs::rename(unfinished, sizes_file(), error);
    if (error) cannot_write(sizes_file(), error.value());
}

fs::path Unfinished::empty_work_folder() const {
    std::error_code error;
    fs::remove_all(work_folder(), error);
    fs::create_directories(work_folder(), error);
    if (error) cannot_write(work_folder(), error.value());
    return work_folder();
}

void Unfinished::add(const fs::path& part) {
    const PageFile target = open(file(), O_RDWR | O_CREAT);
    if (::ftruncate(target.descriptor(), static_cast<off_t>(bytes())) != 0)
        cannot_write(file(), errno);
    const std::uint64_t n = copy(PageFile::open(part), target, bytes());
    if (::fdatasync(target.descriptor()) != 0) cannot_write(file(), errno);
    sizes_.push_back(bytes() + n);
    write_sizes();
    std::error_code ignored;
    fs::remove_all(work_folder(), ignored);
}

void Unfinished::remove() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

}  // namespace infinipot::models
