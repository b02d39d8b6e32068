#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "gguf/file.h"
#include "gguf/format.h"
#include "infinipot/error.h"

static_assert(std::endian::native == std::endian::little,
              "GGUF files are read as they are, which needs a little-endian machine");

namespace infinipot {
namespace {

using gguf::load;
using gguf::printable;

/// No model has as many. libllama compares all names with each other, so this bounds its time.
constexpr std::uint64_t max_entries = 16384;
constexpr std::uint64_t max_tensors = 32768;
constexpr std::uint64_t max_key_bytes = 65535;            ///< limit of the GGUF specification
constexpr std::uint64_t max_string_bytes = 1ull << 30;    ///< limit of libllama
constexpr std::uint64_t max_array_elements = 1ull << 30;  ///< limit of libllama
/// For all keys and values together. Large vocabularies take 30 MB, and libllama copies them
/// several times.
constexpr std::uint64_t max_header_bytes = 1ull << 28;
constexpr std::uint32_t default_alignment = 32;  ///< of the GGUF specification
constexpr std::uint64_t max_alignment = 1ull << 20;
/// Key, type and value: the shortest entry is a one-letter key with a one-byte value.
constexpr std::uint64_t min_entry_bytes = 8 + 1 + 4 + 1;
/// Name, n_dims, one dimension, type, offset.
constexpr std::uint64_t min_tensor_bytes = 8 + 1 + 4 + 8 + 4 + 8;

/// Returns the product, or nothing if it exceeds 63 bits.
std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
    constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
    if (a != 0 && b > max / a) return std::nullopt;
    return a * b;
}

/// Does not overflow, because all values here are far below 2^63.
std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

std::string byte_count(std::uint64_t n) { return std::to_string(n) + " bytes"; }

}  // namespace

/// Reads the file once, from the first byte to the last tensor's description. It compares every
/// length with the rest of the file before it uses it or reserves memory for it.
class GgufFile::Parser {
   public:
    explicit Parser(GgufFile& file) : file_(file), input_(file.files_.front().bytes()) {}

    void parse() {
        read_preamble();
        read_entries();
        read_alignment();
        read_tensors();
    }

   private:
    void read_preamble();
    void read_entries();
    void read_entry();
    void skip_values(const GgufEntry& entry);
    void check_bools(std::span<const std::byte> values) const;
    void read_alignment();
    void read_tensors();
    void read_tensor();
    void read_shape(GgufTensor& tensor);
    void read_type(GgufTensor& tensor);
    void place(GgufTensor& tensor, std::uint64_t data_start);

    std::uint64_t file_bytes() const { return input_.size(); }
    std::uint64_t remaining() const { return file_bytes() - position_; }
    std::span<const std::byte> take(std::uint64_t n);
    std::string_view take_name(std::uint64_t max_bytes);
    std::string_view take_string();
    GgufType take_type();

    template <typename T>
    T take_number() {
        return load<T>(take(sizeof(T)).data());
    }

    [[noreturn]] void fail(ErrorCode code, const std::string& what) const {
        throw Error(code, file_.path().string() + " " + what);
    }
    [[noreturn]] void fail_damaged(const std::string& what) const {
        fail(ErrorCode::bad_model, "is damaged: " + what + "; download it again");
    }
    [[noreturn]] void fail_truncated(const std::string& what) const {
        fail(ErrorCode::bad_model, "is truncated or damaged: " + what + "; download it again");
    }

    GgufFile& file_;
    std::span<const std::byte> input_;
    std::size_t position_ = 0;
    std::uint64_t n_entries_ = 0;
    std::uint64_t n_tensors_ = 0;
    std::size_t alignment_ = 0;         ///< of tensor data, bytes
    std::uint64_t data_end_ = 0;        ///< of the tensors placed so far, from the data's start
    std::string where_ = "the header";  ///< what is being read, for messages
};

std::span<const std::byte> GgufFile::Parser::take(std::uint64_t n) {
    if (n > remaining()) {
        fail_truncated("it has " + byte_count(file_bytes()) + " and ends inside " + where_);
    }
    const auto taken = input_.subspan(position_, static_cast<std::size_t>(n));
    position_ += static_cast<std::size_t>(n);
    return taken;
}

std::string_view GgufFile::Parser::take_string() {
    const auto n = take_number<std::uint64_t>();
    if (n > max_string_bytes) fail_damaged(where_ + " holds a string of " + byte_count(n));
    const auto taken = take(n);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::string_view GgufFile::Parser::take_name(std::uint64_t max_bytes) {
    const std::string_view name = take_string();
    if (name.empty()) fail_damaged(where_ + " has no name");
    if (name.size() > max_bytes) fail_damaged(where_ + " has a name of " + byte_count(name.size()));
    if (name.find('\0') != name.npos) fail_damaged(where_ + " has a zero byte in its name");
    return name;
}

GgufType GgufFile::Parser::take_type() {
    const auto type = take_number<std::uint32_t>();
    if (type > static_cast<std::uint32_t>(GgufType::f64)) {
        fail_damaged(where_ + " has the unknown type " + std::to_string(type));
    }
    return static_cast<GgufType>(type);
}

void GgufFile::Parser::read_preamble() {
    if (const auto other = gguf::recognise_other_format(input_)) fail(ErrorCode::bad_model, *other);
    take(gguf::magic.size());
    const auto version = take_number<std::uint32_t>();
    if (const auto reason = gguf::refuse_version(version)) {
        fail(ErrorCode::unsupported_model, *reason);
    }
    n_tensors_ = take_number<std::uint64_t>();
    n_entries_ = take_number<std::uint64_t>();
    if (n_entries_ > max_entries) {
        fail_damaged("its header claims " + std::to_string(n_entries_) + " keys");
    }
    if (n_tensors_ > max_tensors) {
        fail_damaged("its header claims " + std::to_string(n_tensors_) + " tensors");
    }
    if (n_entries_ * min_entry_bytes + n_tensors_ * min_tensor_bytes > remaining()) {
        fail_truncated("its header claims " + std::to_string(n_entries_) + " keys and " +
                       std::to_string(n_tensors_) + " tensors, which do not fit into its " +
                       byte_count(file_bytes()));
    }
}

void GgufFile::Parser::read_entries() {
    file_.entries_.reserve(static_cast<std::size_t>(n_entries_));
    file_.entry_index_.reserve(static_cast<std::size_t>(n_entries_));
    for (std::uint64_t i = 0; i < n_entries_; ++i) {
        where_ = "key number " + std::to_string(i + 1);
        read_entry();
        if (position_ > max_header_bytes) {
            fail_damaged("its header exceeds " + byte_count(max_header_bytes));
        }
    }
}

void GgufFile::Parser::read_entry() {
    GgufEntry entry;
    entry.key = take_name(max_key_bytes);
    where_ = "key " + printable(entry.key);
    entry.type = take_type();
    entry.is_array = entry.type == GgufType::array;
    if (entry.is_array) {
        entry.type = take_type();
        entry.n = take_number<std::uint64_t>();
    }
    const std::size_t start = position_;
    skip_values(entry);
    entry.bytes = input_.subspan(start, position_ - start);
    if (entry.type == GgufType::boolean) check_bools(entry.bytes);
    if (!file_.entry_index_.emplace(entry.key, file_.entries_.size()).second) {
        fail_damaged(where_ + " occurs twice");
    }
    file_.entries_.push_back(entry);
}

void GgufFile::Parser::skip_values(const GgufEntry& entry) {
    if (entry.type == GgufType::array) fail_damaged(where_ + " is an array of arrays");
    if (entry.n > max_array_elements) {
        fail_damaged(where_ + " claims " + std::to_string(entry.n) + " elements");
    }
    if (entry.type != GgufType::string) {
        take(entry.n * gguf::value_bytes(entry.type));
        return;
    }
    for (std::uint64_t i = 0; i < entry.n; ++i) take_string();
}

void GgufFile::Parser::check_bools(std::span<const std::byte> values) const {
    for (const std::byte value : values) {
        if (value > std::byte{1}) fail_damaged(where_ + " holds a bool that is neither 0 nor 1");
    }
}

void GgufFile::Parser::read_alignment() {
    const std::uint64_t alignment = file_.find_u32("general.alignment").value_or(default_alignment);
    // Less than 8 would put numbers at odd addresses; the GGUF specification forbids it too.
    if (!std::has_single_bit(alignment) || alignment < 8 || alignment > max_alignment) {
        fail_damaged("key general.alignment is " + std::to_string(alignment) +
                     " but must be a power of two from 8 to " + std::to_string(max_alignment));
    }
    alignment_ = static_cast<std::size_t>(alignment);
}

void GgufFile::Parser::read_tensors() {
    file_.tensors_.reserve(static_cast<std::size_t>(n_tensors_));
    file_.tensor_index_.reserve(static_cast<std::size_t>(n_tensors_));
    for (std::uint64_t i = 0; i < n_tensors_; ++i) {
        where_ = "the description of tensor number " + std::to_string(i + 1);
        read_tensor();
    }
    const std::uint64_t data_start = round_up(position_, alignment_);
    for (GgufTensor& tensor : file_.tensors_) place(tensor, data_start);
}

void GgufFile::Parser::read_tensor() {
    GgufTensor tensor;
    const std::string_view name = take_name(GGML_MAX_NAME - 1);
    tensor.name = name;
    where_ = "tensor " + printable(name);
    read_shape(tensor);
    read_type(tensor);
    // The offset is relative to the data's start, which is known only behind the last description.
    const auto offset = take_number<std::uint64_t>();
    if (offset != data_end_) {
        fail_damaged(where_ + " is said to begin at byte " + std::to_string(offset) +
                     " of the data, but the tensors before it end at byte " +
                     std::to_string(data_end_));
    }
    if (offset > file_bytes() - tensor.n_bytes) {
        fail_truncated(where_ + " ends behind byte " + std::to_string(offset + tensor.n_bytes) +
                       " but the file has only " + byte_count(file_bytes()));
    }
    tensor.offset = static_cast<std::size_t>(offset);
    data_end_ = round_up(offset + tensor.n_bytes, alignment_);
    if (!file_.tensor_index_.emplace(name, file_.tensors_.size()).second) {
        fail_damaged(where_ + " occurs twice");
    }
    file_.tensors_.push_back(std::move(tensor));
}

void GgufFile::Parser::read_shape(GgufTensor& tensor) {
    const auto n_dims = take_number<std::uint32_t>();
    if (n_dims < 1 || n_dims > tensor.ne.size()) {
        fail_damaged(where_ + " has " + std::to_string(n_dims) + " dimensions");
    }
    tensor.n_dims = static_cast<int>(n_dims);
    for (std::uint32_t i = 0; i < n_dims; ++i) {
        tensor.ne[i] = take_number<std::int64_t>();
        if (tensor.ne[i] < 1) {
            fail_damaged(where_ + " has a dimension of size " + std::to_string(tensor.ne[i]));
        }
    }
}

void GgufFile::Parser::read_type(GgufTensor& tensor) {
    const auto id = take_number<std::uint32_t>();
    const bool known = id < GGML_TYPE_COUNT && ggml_blck_size(static_cast<ggml_type>(id)) > 0 &&
                       ggml_type_size(static_cast<ggml_type>(id)) > 0;
    if (!known) {
        fail(ErrorCode::unsupported_model,
             "cannot be read: " + where_ + " has the quantisation number " + std::to_string(id) +
                 ", which is unknown or no longer supported; convert the model again");
    }
    tensor.type = static_cast<ggml_type>(id);
    const std::int64_t block = ggml_blck_size(tensor.type);
    if (tensor.ne[0] % block != 0) {
        fail_damaged(where_ + " has rows of " + std::to_string(tensor.ne[0]) +
                     " elements, which is not a multiple of " + std::to_string(block) + " as " +
                     ggml_type_name(tensor.type) + " needs");
    }
    std::optional<std::uint64_t> n = ggml_type_size(tensor.type);
    n = checked_product(*n, static_cast<std::uint64_t>(tensor.ne[0] / block));
    for (std::size_t i = 1; n && i < tensor.ne.size(); ++i) {
        n = checked_product(*n, static_cast<std::uint64_t>(tensor.ne[i]));
    }
    if (!n || *n > file_bytes()) {
        fail_truncated(where_ + " needs " + (n ? byte_count(*n) : "more than 2^63 bytes") +
                       " but the file has only " + byte_count(file_bytes()));
    }
    tensor.n_bytes = static_cast<std::size_t>(*n);
}

void GgufFile::Parser::place(GgufTensor& tensor, std::uint64_t data_start) {
    const std::uint64_t offset = data_start + tensor.offset;
    const std::uint64_t end = offset + tensor.n_bytes;
    if (end > file_bytes()) {
        fail_truncated("tensor " + printable(tensor.name) + " ends at byte " + std::to_string(end) +
                       " but the file has only " + byte_count(file_bytes()));
    }
    tensor.offset = static_cast<std::size_t>(offset);
    tensor.data = input_.data() + offset;
}

GgufFile GgufFile::open_part(const std::filesystem::path& path) {
    GgufFile file(MappedFile::open(path));
    Parser(file).parse();
    return file;
}

}  // namespace infinipot
