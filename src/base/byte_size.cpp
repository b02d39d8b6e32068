#include "base/byte_size.h"

#include <array>
#include <charconv>
#include <limits>

namespace infinipot {
namespace {

constexpr std::uint64_t max_bytes = std::numeric_limits<std::size_t>::max();

struct Unit {
    std::string_view name;  ///< lower case
    std::uint64_t bytes;
};

constexpr std::array<Unit, 14> units = {{{"", 1},
                                         {"b", 1},
                                         {"k", 1ull << 10},
                                         {"kib", 1ull << 10},
                                         {"kb", 1000},
                                         {"m", 1ull << 20},
                                         {"mib", 1ull << 20},
                                         {"mb", 1000'000},
                                         {"g", 1ull << 30},
                                         {"gib", 1ull << 30},
                                         {"gb", 1000'000'000},
                                         {"t", 1ull << 40},
                                         {"tib", 1ull << 40},
                                         {"tb", 1000'000'000'000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

/// Removes the digits at the start of `text` and returns them.
std::string_view take_digits(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && is_digit(text[n])) ++n;
    const std::string_view digits = text.substr(0, n);
    text.remove_prefix(n);
    return digits;
}

std::optional<std::uint64_t> unit_bytes(std::string_view name) {
    std::string lower(name);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    for (const Unit& unit : units) {
        if (unit.name == lower) return unit.bytes;
    }
    return std::nullopt;
}

/// Returns 0.`digits` times `unit`, rounded down. Goes from the last digit to the first, so that
/// rounding down at each step is exact.
std::uint64_t fraction_of(std::string_view digits, std::uint64_t unit) {
    std::uint64_t bytes = 0;
    for (std::size_t i = digits.size(); i-- > 0;) {
        bytes = (static_cast<std::uint64_t>(digits[i] - '0') * unit + bytes) / 10;
    }
    return bytes;
}

}  // namespace

std::optional<std::size_t> parse_byte_size(std::string_view text) {
    text = trim(text);
    const std::string_view whole = take_digits(text);
    std::string_view fraction;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        fraction = take_digits(text);
        if (fraction.empty()) return std::nullopt;
    }
    std::uint64_t count = 0;
    const auto read = std::from_chars(whole.data(), whole.data() + whole.size(), count);
    if (whole.empty() || read.ec != std::errc()) return std::nullopt;
    const auto unit = unit_bytes(trim(text));
    if (!unit || count > max_bytes / *unit) return std::nullopt;
    const std::uint64_t part = fraction_of(fraction, *unit);
    if (part > max_bytes - count * *unit) return std::nullopt;
    return static_cast<std::size_t>(count * *unit + part);
}

std::string format_byte_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> names = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    std::uint64_t unit = 1024;
    for (std::size_t i = 0;; ++i, unit *= 1024) {
        const std::uint64_t remainder = bytes % unit;
        const std::uint64_t tenths = bytes / unit * 10 + (remainder * 10 + unit / 2) / unit;
        if (tenths >= 10240 && i + 1 < names.size()) continue;
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " +
               std::string(names[i]);
    }
}

}  // namespace infinipot
