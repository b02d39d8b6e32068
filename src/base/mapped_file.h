#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace infinipot {

/// A whole file mapped read-only into memory. Owns the mapping; moving it does not move the bytes,
/// so views into data() live as long as whichever MappedFile ends up owning the mapping.
///
/// The kernel reads pages when they are touched and may drop them again, so mapping a file costs no
/// memory by itself. If another program shortens the file meanwhile, SIGBUS kills the process.
class MappedFile {
   public:
    /// @throws Error(file_error) if the file is missing, unreadable, empty or not a regular file.
    static MappedFile open(const std::filesystem::path& path);

    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    const std::byte* data() const { return data_; }
    std::size_t size() const { return size_; }  ///< bytes, never 0 unless moved from
    std::span<const std::byte> bytes() const { return {data_, size_}; }
    const std::filesystem::path& path() const { return path_; }

    /// Tells the kernel that `size` bytes from `offset` will not be read soon, for instance because
    /// they were copied elsewhere. Whole pages inside the range are released; reading them again is
    /// allowed and fetches them from the file.
    void drop(std::size_t offset, std::size_t size) const noexcept;

   private:
    MappedFile(std::filesystem::path path, const std::byte* data, std::size_t size)
        : path_(std::move(path)), data_(data), size_(size) {}
    void unmap() noexcept;

    std::filesystem::path path_;
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace infinipot
