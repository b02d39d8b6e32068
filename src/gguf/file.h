#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"
#include "ggml.h"

namespace infinipot {

/// Type of a value in a GGUF file's header. The numbers are those of the file format.
enum class GgufType : std::uint32_t {
    u8 = 0,
    i8 = 1,
    u16 = 2,
    i16 = 3,
    u32 = 4,
    i32 = 5,
    f32 = 6,
    boolean = 7,
    string = 8,
    array = 9,
    u64 = 10,
    i64 = 11,
    f64 = 12,
};

std::string_view gguf_type_name(GgufType type);

/// A key of the header and the place of its value.
struct GgufEntry {
    std::string_view key;
    GgufType type = GgufType::u8;  ///< of the value or of an array's elements; never `array`
    bool is_array = false;
    std::uint64_t n = 1;               ///< elements; 1 unless it is an array
    std::span<const std::byte> bytes;  ///< as in the file: little-endian and not aligned
};

/// A tensor's description and the place of its data in the mapped file.
struct GgufTensor {
    std::string name;
    ggml_type type = GGML_TYPE_F32;
    int n_dims = 0;  ///< 1 to 4
    /// In ggml's order, the fastest dimension first. Each is at least 1.
    std::array<std::int64_t, 4> ne = {1, 1, 1, 1};
    const std::byte* data = nullptr;  ///< aligned to 8 bytes at least
    std::size_t offset = 0;           ///< of the data, from the start of its file
    std::size_t n_bytes = 0;
};

/// A GGUF model file (version 2 or 3), or the several files of one model, mapped and checked. After
/// open() every string, array and tensor lies inside its file, even in a malicious file. The
/// meaning of values is not checked here. Immutable, and safe to read from any number of threads.
/// All views live as long as the object, even if it is moved.
///
/// find_*() return nothing if the key is absent; get_*() throw Error(bad_model). Both throw
/// Error(bad_model) if the value has another type or a number is out of range. A key of any integer
/// type can be read as an integer.
class GgufFile {
   public:
    /// Opens a model. `path` is the file or the first of several files, NAME-00001-of-00003.gguf.
    /// @throws Error(file_error) if a file cannot be read.
    /// @throws Error(bad_model) if it is no GGUF file, truncated, damaged or not the first part.
    /// @throws Error(unsupported_model) if it is big-endian, or its version or a quantisation is
    /// unknown.
    static GgufFile open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return files_.front().path(); }
    std::uint64_t file_bytes() const;  ///< sum over all files

    /// All keys, in the file's order.
    std::span<const GgufEntry> entries() const { return entries_; }
    const GgufEntry* find(std::string_view key) const;  ///< null if absent
    bool has(std::string_view key) const { return find(key) != nullptr; }

    std::optional<std::string_view> find_string(std::string_view key) const;
    std::optional<bool> find_bool(std::string_view key) const;
    /// The value is finite. The file may have F32 or F64.
    std::optional<float> find_f32(std::string_view key) const;
    std::optional<std::int64_t> find_integer(std::string_view key, std::int64_t min,
                                             std::int64_t max) const;
    std::optional<std::uint32_t> find_u32(std::string_view key) const;

    std::string_view get_string(std::string_view key) const;
    float get_f32(std::string_view key) const;
    std::int64_t get_integer(std::string_view key, std::int64_t min, std::int64_t max) const;

    /// Arrays are copied out because the file does not align them.
    std::optional<std::vector<std::string_view>> find_strings(std::string_view key) const;
    std::optional<std::vector<bool>> find_bools(std::string_view key) const;
    /// Each number lies from min to max.
    std::optional<std::vector<std::int64_t>> find_integers(std::string_view key, std::int64_t min,
                                                           std::int64_t max) const;
    /// All numbers are finite. The file may have F32 or F64.
    std::optional<std::vector<float>> find_f32s(std::string_view key) const;

    /// All tensors, in the file's order.
    std::span<const GgufTensor> tensors() const { return tensors_; }
    const GgufTensor* find_tensor(std::string_view name) const;  ///< null if absent
    const GgufTensor& get_tensor(std::string_view name) const;

    /// The mapped files: one, or one for each part of the model.
    std::size_t n_parts() const { return files_.size(); }
    std::span<const std::byte> bytes(std::size_t part = 0) const { return files_[part].bytes(); }
    std::size_t part_of(const std::byte* data) const;  ///< index of the file that holds the data

    /// Lets the kernel release the pages of tensor data that was copied elsewhere.
    void drop(const std::byte* data, std::size_t n_bytes) const;

   private:
    class Parser;

    explicit GgufFile(MappedFile file) { files_.push_back(std::move(file)); }

    static GgufFile open_part(const std::filesystem::path& path);
    void append(GgufFile part);

    std::vector<MappedFile> files_;  ///< the first file has the keys
    std::vector<GgufEntry> entries_;
    std::vector<GgufTensor> tensors_;
    std::unordered_map<std::string_view, std::size_t> entry_index_;   ///< key -> index in entries_
    std::unordered_map<std::string_view, std::size_t> tensor_index_;  ///< views into the file
};

}  // namespace infinipot
