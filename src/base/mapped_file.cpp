#include "base/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/page_memory.h"
#include "base/system_reason.h"
#include "infinipot/error.h"

namespace infinipot {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
    throw Error(ErrorCode::file_error, path.string() + " " + what);
}

std::size_t page_size() {
    static const std::size_t size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path) {
    const PageFile file = PageFile::open(path);
    const std::size_t size = file.size();
    if (size == 0) fail(path, "is empty; download or copy it again");
    void* const data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    if (data == MAP_FAILED) fail(path, "cannot be mapped into memory: " + system_reason(errno));
    return {path, static_cast<const std::byte*>(data), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    if (this == &other) return *this;
    unmap();
    path_ = std::move(other.path_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    return *this;
}

MappedFile::~MappedFile() { unmap(); }

void MappedFile::unmap() noexcept {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
    data_ = nullptr;
    size_ = 0;
}

void MappedFile::drop(std::size_t offset, std::size_t size) const noexcept {
    if (offset >= size_) return;
    const std::size_t page = page_size();
    const std::size_t end = offset + std::min(size, size_ - offset);
    const std::size_t first = (offset + page - 1) / page * page;
    // The file's last page is released whole: nothing but zeros follows the end.
    const std::size_t last = end == size_ ? end : end / page * page;
    if (first >= last) return;
    ::madvise(const_cast<std::byte*>(data_ + first), last - first, MADV_DONTNEED);
}

}  // namespace infinipot
