#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace infinipot {

/// Tells one state of a file from every other: a file that is written again has another one.
struct FileState {
    std::uint64_t device = 0;
    std::uint64_t file = 0;  ///< its number on the device
    std::uint64_t size = 0;
    std::int64_t written = 0;  ///< nanoseconds since 1970
    std::int64_t changed = 0;  ///< also by renaming

    auto operator<=>(const FileState&) const = default;
};

/// An open file whose pages can be mapped: one on a disk, or one that exists in memory alone. Its
/// owner writes it before anybody maps it, and never afterwards. Any thread may use it.
class PageFile {
   public:
    /// Makes a file in memory, of zeros.
    /// @throws Error(out_of_memory)
    static PageFile in_memory(std::size_t size);

    /// Opens a file on a disk to read it.
    /// @throws Error(file_error)
    static PageFile open(const std::filesystem::path& path);

    /// Takes over an open descriptor.
    explicit PageFile(int descriptor) : descriptor_(descriptor) {}
    ~PageFile();
    PageFile(PageFile&& other) noexcept;
    PageFile& operator=(PageFile&& other) noexcept;

    int descriptor() const { return descriptor_; }

    /// @throws Error(file_error)
    std::size_t size() const;

    /// @throws Error(file_error)
    FileState state() const;

    /// Makes the file so long, with zeros for which the disk has room.
    /// @throws Error(file_error), for instance if the disk is full.
    void reserve(std::size_t size) const;

    /// Writes at a place of the file.
    /// @throws Error(file_error), for instance if the disk is full.
    void write(std::span<const std::byte> data, std::size_t offset) const;

    /// Reads up to data.size() bytes from a place of the file. Returns how many there were.
    /// @throws Error(file_error)
    std::size_t read(std::span<std::byte> data, std::size_t offset) const;

    /// Makes this empty file a copy of another one. The two share the blocks of the disk where the
    /// file system can.
    /// @throws Error(file_error)
    void copy(const PageFile& source) const;

   private:
    int descriptor_;
};

/// Memory in whole pages that begin as zeros or as the pages of a file. A page is shared with
/// everybody who maps the file until it is written; from then on it is this object's own (copy on
/// write). Belongs to one thread at a time.
class PageMemory {
   public:
    /// Offsets of a file that can be mapped on any machine are multiples of this.
    static constexpr std::size_t alignment = 65536;

    /// Allocates zeros. The pages exist at once if `touched`, else when they are first written.
    /// @throws Error(out_of_memory)
    static PageMemory zeros(std::size_t size, bool touched);

    /// Maps a part of a file. `offset` is a multiple of `alignment`.
    /// @throws Error(out_of_memory)
    static PageMemory map(const PageFile& file, std::size_t offset, std::size_t size);

    ~PageMemory();
    PageMemory(PageMemory&& other) noexcept;
    PageMemory& operator=(PageMemory&&) = delete;

    /// Replaces all pages by those of a file, at the same address.
    /// @throws Error(out_of_memory), and then nothing has changed.
    void map_again(const PageFile& file, std::size_t offset);

    std::byte* data() const { return data_; }
    std::size_t size() const { return size_; }

   private:
    PageMemory(std::byte* data, std::size_t size) : data_(data), size_(size) {}

    std::byte* data_;
    std::size_t size_;
};

/// Asks the system to back memory that nobody has written yet with huge pages, as far as it has
/// them. Reading all of it in order is then faster: 2 MiB are one entry of the CPU's page tables.
void prefer_huge_pages(void* data, std::size_t size) noexcept;

}  // namespace infinipot
