#include "base/page_memory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "base/system_reason.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

[[noreturn]] void fail(const std::string& what) {
    throw Error(ErrorCode::file_error, what + ": " + system_reason(errno));
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
    throw Error(ErrorCode::file_error, path.string() + " " + what);
}

[[noreturn]] void fail_to_map(std::size_t size) {
    throw Error(ErrorCode::out_of_memory, "the machine has no " + std::to_string(size >> 20) +
                                              " MiB of memory for the KV cache; choose a smaller "
                                              "budget");
}

constexpr std::size_t copied_at_once = std::size_t{1} << 20;

/// Copies the first bytes of a file, as far as the kernel can, and returns how many it has copied.
std::size_t copy_in_kernel(int source, int target, std::size_t n_bytes) {
    off64_t from = 0, to = 0;
    while (static_cast<std::size_t>(to) < n_bytes) {
        const std::size_t n_left = n_bytes - static_cast<std::size_t>(to);
        const ssize_t n = ::copy_file_range(source, &from, target, &to, n_left, 0);
        if (n == 0 || (n < 0 && errno != EINTR)) break;
    }
    return static_cast<std::size_t>(to);
}

std::byte* mapped(void* address, std::size_t size, int flags, int descriptor, std::size_t offset) {
    void* const data = ::mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags,
                              descriptor, static_cast<off_t>(offset));
    if (data == MAP_FAILED) fail_to_map(size);
    return static_cast<std::byte*>(data);
}

}  // namespace

PageFile PageFile::in_memory(std::size_t size) {
    PageFile file(::memfd_create("kv-cache", MFD_CLOEXEC));
    if (file.descriptor_ < 0 || ::ftruncate(file.descriptor_, static_cast<off_t>(size)) != 0)
        fail_to_map(size);
    return file;
}

PageFile PageFile::open(const std::filesystem::path& path) {
    if (path.empty()) throw Error(ErrorCode::file_error, "the name of the file to read is empty");
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    PageFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.descriptor_ < 0) fail(path.string() + " cannot be opened");
    struct stat status = {};
    if (::fstat(file.descriptor_, &status) != 0) fail(path.string() + " cannot be examined");
    if (S_ISDIR(status.st_mode)) refuse(path, "is a folder; name a file in it");
    if (!S_ISREG(status.st_mode)) refuse(path, "is not a regular file and cannot be mapped");
    return file;
}

PageFile::PageFile(PageFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

PageFile& PageFile::operator=(PageFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

PageFile::~PageFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t PageFile::size() const { return static_cast<std::size_t>(state().size); }

FileState PageFile::state() const {
    struct stat status = {};
    if (::fstat(descriptor_, &status) != 0) fail("a file cannot be examined");
    const auto nanoseconds = [](const timespec& time) {
        return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    };
    return {.device = status.st_dev,
            .file = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .written = nanoseconds(status.st_mtim),
            .changed = nanoseconds(status.st_ctim)};
}

void PageFile::reserve(std::size_t size) const {
    int result = 0;
    do {
        result = ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    if (result == 0) return;
    const bool can_reserve = errno != EOPNOTSUPP && errno != ENOSYS;
    if (can_reserve || ::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
        fail("a file cannot be made longer");
}

void PageFile::write(std::span<const std::byte> data, std::size_t offset) const {
    while (!data.empty()) {
        const ssize_t n =
            ::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("a file cannot be written");
        data = data.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::size_t>(n);
    }
}

std::size_t PageFile::read(std::span<std::byte> data, std::size_t offset) const {
    std::size_t done = 0;
    while (done < data.size()) {
        const ssize_t n = ::pread(descriptor_, data.data() + done, data.size() - done,
                                  static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("a file cannot be read");
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

void PageFile::copy(const PageFile& source) const {
    if (::ioctl(descriptor_, FICLONE, source.descriptor_) == 0) return;
    const std::size_t n_bytes = source.size();
    std::size_t done = copy_in_kernel(source.descriptor_, descriptor_, n_bytes);
    std::vector<std::byte> buffer(std::min(n_bytes - done, copied_at_once));
    while (done < n_bytes) {
        const std::size_t n = source.read(buffer, done);
        if (n == 0) throw Error(ErrorCode::file_error, "the file to copy has become shorter");
        write(std::span(buffer).first(n), done);
        done += n;
    }
}

PageMemory PageMemory::zeros(std::size_t size, bool touched) {
    const int flags = MAP_ANONYMOUS | (touched ? MAP_POPULATE : 0);
    return {mapped(nullptr, size, flags, -1, 0), size};
}

PageMemory PageMemory::map(const PageFile& file, std::size_t offset, std::size_t size) {
    assert(offset % alignment == 0);
    return {mapped(nullptr, size, 0, file.descriptor(), offset), size};
}

PageMemory::PageMemory(PageMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

PageMemory::~PageMemory() {
    if (data_ != nullptr) ::munmap(data_, size_);
}

void PageMemory::map_again(const PageFile& file, std::size_t offset) {
    mapped(data_, size_, MAP_FIXED, file.descriptor(), offset);
}

void prefer_huge_pages(void* data, std::size_t size) noexcept {
    constexpr std::uintptr_t page = 4096;
    const auto begin = (reinterpret_cast<std::uintptr_t>(data) + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(data) + size) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace infinipot
