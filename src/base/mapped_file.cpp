#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "infinipot/error.h"

namespace infinipot {
namespace {

/// Closes a file descriptor at the end of its scope.
class Descriptor {
   public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int value() const { return value_; }

   private:
    int value_;
};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
    throw Error(ErrorCode::file_error, path.string() + " " + what);
}

/// Returns the system's message for errno, spelt for the middle of a sentence.
std::string reason(int error_number) {
    std::string text = std::generic_category().message(error_number);
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

std::size_t checked_size(const std::filesystem::path& path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) fail(path, "is a folder; name a file in it");
    if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file and cannot be mapped");
    if (status.st_size <= 0) fail(path, "is empty; download or copy it again");
    return static_cast<std::size_t>(status.st_size);
}

std::size_t page_size() {
    static const std::size_t size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path) {
    if (path.empty()) throw Error(ErrorCode::file_error, "the name of the file to read is empty");
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.value() < 0) fail(path, "cannot be opened: " + reason(errno));
    struct stat status = {};
    if (::fstat(file.value(), &status) != 0) fail(path, "cannot be examined: " + reason(errno));
    const std::size_t size = checked_size(path, status);
    void* const data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.value(), 0);
    if (data == MAP_FAILED) fail(path, "cannot be mapped into memory: " + reason(errno));
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
