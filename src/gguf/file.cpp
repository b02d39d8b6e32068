#include "gguf/file.h"

#include <array>
#include <cmath>
#include <limits>

#include "gguf/format.h"
#include "infinipot/error.h"

namespace infinipot {
namespace {

using gguf::load;
using gguf::printable;

/// Returns the integer of an entry, or nothing if it exceeds std::int64_t.
std::optional<std::int64_t> integer_of(const GgufEntry& entry) {
    const std::byte* const at = entry.bytes.data();
    switch (entry.type) {
        case GgufType::u8:
            return load<std::uint8_t>(at);
        case GgufType::i8:
            return load<std::int8_t>(at);
        case GgufType::u16:
            return load<std::uint16_t>(at);
        case GgufType::i16:
            return load<std::int16_t>(at);
        case GgufType::u32:
            return load<std::uint32_t>(at);
        case GgufType::i32:
            return load<std::int32_t>(at);
        case GgufType::i64:
            return load<std::int64_t>(at);
        case GgufType::u64: {
            const auto value = load<std::uint64_t>(at);
            if (value > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
            return static_cast<std::int64_t>(value);
        }
        default:
            return std::nullopt;
    }
}

bool is_integer(GgufType type) {
    return type == GgufType::u64 || type == GgufType::i64 || type <= GgufType::i32;
}
bool is_float(GgufType type) { return type == GgufType::f32 || type == GgufType::f64; }
bool is_bool(GgufType type) { return type == GgufType::boolean; }
bool is_string(GgufType type) { return type == GgufType::string; }

double float_of(const GgufEntry& entry) {
    const std::byte* const at = entry.bytes.data();
    return entry.type == GgufType::f32 ? static_cast<double>(load<float>(at)) : load<double>(at);
}

/// Returns the string at `offset` of the entry's bytes and moves `offset` behind it. The parser has
/// checked that all of it is inside the file.
std::string_view next_string(const GgufEntry& entry, std::size_t& offset) {
    const std::byte* const at = entry.bytes.data() + offset;
    const auto n = static_cast<std::size_t>(load<std::uint64_t>(at));
    offset += sizeof(std::uint64_t) + n;
    return {reinterpret_cast<const char*>(at) + sizeof(std::uint64_t), n};
}

[[noreturn]] void fail_key(const GgufFile& file, std::string_view key, const std::string& what) {
    throw Error(ErrorCode::bad_model, file.path().string() + ": key " + printable(key) + " " +
                                          what + "; convert or download the model again");
}

/// Returns the entry called `key`, or null if there is none. Throws if its type is not as expected.
const GgufEntry* find_typed(const GgufFile& file, std::string_view key, bool is_array,
                            bool (*accepts)(GgufType), const std::string& expected) {
    const GgufEntry* const entry = file.find(key);
    if (entry == nullptr) return nullptr;
    if (entry->is_array == is_array && accepts(entry->type)) return entry;
    const std::string actual = entry->is_array ? "an array of type " : "a single ";
    fail_key(
        file, key,
        "must be " + expected + " but is " + actual + std::string(gguf_type_name(entry->type)));
}

const GgufEntry* find_scalar(const GgufFile& file, std::string_view key, bool (*accepts)(GgufType),
                             const std::string& expected) {
    return find_typed(file, key, false, accepts, "a single " + expected);
}

const GgufEntry* find_array(const GgufFile& file, std::string_view key, bool (*accepts)(GgufType),
                            const std::string& expected) {
    return find_typed(file, key, true, accepts, "an array of " + expected);
}

std::int64_t integer_in_range(const GgufFile& file, const GgufEntry& entry, std::int64_t min,
                              std::int64_t max) {
    const auto value = integer_of(entry);
    if (value && *value >= min && *value <= max) return *value;
    const std::string shown = value ? std::to_string(*value) : "a number of 64 bits";
    fail_key(file, entry.key,
             "holds " + shown + " but must lie from " + std::to_string(min) + " to " +
                 std::to_string(max));
}

float finite_float(const GgufFile& file, const GgufEntry& entry) {
    const double value = float_of(entry);
    // Written so that NaN fails.
    if (!(std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()))) {
        fail_key(file, entry.key, "holds a number that is infinite, too large or not a number");
    }
    return static_cast<float>(value);
}

template <typename T>
T require(const GgufFile& file, std::string_view key, const std::optional<T>& value) {
    if (!value) fail_key(file, key, "is missing");
    return *value;
}

}  // namespace

std::string_view gguf_type_name(GgufType type) {
    constexpr std::array<std::string_view, 13> names = {"u8",  "i8",  "u16",  "i16",    "u32",
                                                        "i32", "f32", "bool", "string", "array",
                                                        "u64", "i64", "f64"};
    const auto index = static_cast<std::size_t>(type);
    return index < names.size() ? names[index] : "unknown";
}

const GgufEntry* GgufFile::find(std::string_view key) const {
    const auto found = entry_index_.find(key);
    return found == entry_index_.end() ? nullptr : &entries_[found->second];
}

std::optional<std::string_view> GgufFile::find_string(std::string_view key) const {
    const GgufEntry* const entry = find_scalar(*this, key, is_string, "string");
    if (entry == nullptr) return std::nullopt;
    std::size_t offset = 0;
    return next_string(*entry, offset);
}

std::optional<bool> GgufFile::find_bool(std::string_view key) const {
    const GgufEntry* const entry = find_scalar(*this, key, is_bool, "bool");
    if (entry == nullptr) return std::nullopt;
    return entry->bytes[0] != std::byte{0};
}

std::optional<float> GgufFile::find_f32(std::string_view key) const {
    const GgufEntry* const entry = find_scalar(*this, key, is_float, "floating-point number");
    if (entry == nullptr) return std::nullopt;
    return finite_float(*this, *entry);
}

std::optional<std::int64_t> GgufFile::find_integer(std::string_view key, std::int64_t min,
                                                   std::int64_t max) const {
    const GgufEntry* const entry = find_scalar(*this, key, is_integer, "integer");
    if (entry == nullptr) return std::nullopt;
    return integer_in_range(*this, *entry, min, max);
}

std::optional<std::uint32_t> GgufFile::find_u32(std::string_view key) const {
    const auto value = find_integer(key, 0, std::numeric_limits<std::uint32_t>::max());
    if (!value) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

std::string_view GgufFile::get_string(std::string_view key) const {
    return require(*this, key, find_string(key));
}

float GgufFile::get_f32(std::string_view key) const { return require(*this, key, find_f32(key)); }

std::int64_t GgufFile::get_integer(std::string_view key, std::int64_t min, std::int64_t max) const {
    return require(*this, key, find_integer(key, min, max));
}

std::optional<std::vector<std::string_view>> GgufFile::find_strings(std::string_view key) const {
    const GgufEntry* const entry = find_array(*this, key, is_string, "strings");
    if (entry == nullptr) return std::nullopt;
    std::vector<std::string_view> strings(static_cast<std::size_t>(entry->n));
    std::size_t offset = 0;
    for (std::string_view& string : strings) string = next_string(*entry, offset);
    return strings;
}

std::optional<std::vector<bool>> GgufFile::find_bools(std::string_view key) const {
    const GgufEntry* const entry = find_array(*this, key, is_bool, "bools");
    if (entry == nullptr) return std::nullopt;
    std::vector<bool> bools(entry->bytes.size());
    for (std::size_t i = 0; i < bools.size(); ++i) bools[i] = entry->bytes[i] != std::byte{0};
    return bools;
}

std::optional<std::vector<std::int64_t>> GgufFile::find_integers(std::string_view key,
                                                                 std::int64_t min,
                                                                 std::int64_t max) const {
    const GgufEntry* const entry = find_array(*this, key, is_integer, "integers");
    if (entry == nullptr) return std::nullopt;
    std::vector<std::int64_t> numbers;
    const std::size_t n_bytes = gguf::value_bytes(entry->type);
    for (std::size_t at = 0; at < entry->bytes.size(); at += n_bytes) {
        GgufEntry number = *entry;
        number.bytes = entry->bytes.subspan(at, n_bytes);
        numbers.push_back(integer_in_range(*this, number, min, max));
    }
    return numbers;
}

std::optional<std::vector<float>> GgufFile::find_f32s(std::string_view key) const {
    const GgufEntry* const entry = find_array(*this, key, is_float, "floating-point numbers");
    if (entry == nullptr) return std::nullopt;
    std::vector<float> numbers;
    const std::size_t n_bytes = entry->type == GgufType::f32 ? sizeof(float) : sizeof(double);
    for (std::size_t at = 0; at < entry->bytes.size(); at += n_bytes) {
        GgufEntry number = *entry;
        number.bytes = entry->bytes.subspan(at, n_bytes);
        numbers.push_back(finite_float(*this, number));
    }
    return numbers;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
    const auto found = tensor_index_.find(name);
    return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

const GgufTensor& GgufFile::get_tensor(std::string_view name) const {
    if (const GgufTensor* const tensor = find_tensor(name)) return *tensor;
    throw Error(ErrorCode::bad_model, path().string() + " has no tensor " + printable(name) +
                                          "; convert or download the model again");
}

}  // namespace infinipot
