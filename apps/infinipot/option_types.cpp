#include "option_types.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace infinipot::cli {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& wanted,
                         const std::string& given) {
    throw CLI::ValidationError(name + " wants " + wanted + ", not \"" + given + '"');
}

/// All of `text` as a number; nothing if it is none.
template <typename T>
std::optional<T> parse(std::string_view text) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

template <typename T>
CLI::Option* add_whole(CLI::App& app, const std::string& name, T& value, T least,
                       const std::string& help) {
    const auto read = [name, &value, least](const std::string& given) {
        const auto number = parse<T>(given);
        if (!number || *number < least) {
            refuse(name, "a whole number of at least " + std::to_string(least), given);
        }
        value = *number;
    };
    return app.add_option_function<std::string>(name, read, help)
        ->type_name("value")
        ->option_text("N");
}

std::string short_text(float value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

struct Unit {
    std::string_view name;
    double bytes;
};

constexpr Unit units[] = {
    {"KiB", 1024.0}, {"MiB", 1024.0 * 1024}, {"GiB", 1024.0 * 1024 * 1024},
    {"K", 1024.0},   {"M", 1024.0 * 1024},   {"G", 1024.0 * 1024 * 1024},
    {"kB", 1000.0},  {"MB", 1000.0 * 1000},  {"GB", 1000.0 * 1000 * 1000},
    {"B", 1.0},
};

std::optional<std::size_t> parse_bytes(std::string_view text) {
    double unit_bytes = 1;
    for (const Unit& unit : units) {
        if (!text.ends_with(unit.name)) continue;
        unit_bytes = unit.bytes;
        text.remove_suffix(unit.name.size());
        break;
    }
    const auto amount = parse<double>(text);
    const double most = std::ldexp(1.0, std::numeric_limits<std::size_t>::digits - 1);
    if (!amount || !(*amount > 0) || !(*amount * unit_bytes < most)) return std::nullopt;
    return static_cast<std::size_t>(*amount * unit_bytes);
}

}  // namespace

CLI::Option* add_count(CLI::App& app, const std::string& name, int& value, int least,
                       const std::string& help) {
    return add_whole(app, name, value, least, help);
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint32_t& value,
                       const std::string& help) {
    return add_whole(app, name, value, std::uint32_t{0}, help);
}

CLI::Option* add_number(CLI::App& app, const std::string& name, float& value, float least,
                        float most, const std::string& help) {
    const auto read = [name, &value, least, most](const std::string& given) {
        const auto number = parse<float>(given);
        if (!number || !(*number >= least && *number <= most)) {
            refuse(name, "a number from " + short_text(least) + " to " + short_text(most), given);
        }
        value = *number;
    };
    return app.add_option_function<std::string>(name, read, help)
        ->type_name("value")
        ->option_text("X");
}

CLI::Option* add_bytes(CLI::App& app, const std::string& name, std::size_t& value,
                       const std::string& help) {
    const auto read = [name, &value](const std::string& given) {
        const auto bytes = parse_bytes(given);
        if (!bytes) refuse(name, "an amount of memory such as 64MiB", given);
        value = *bytes;
    };
    return app.add_option_function<std::string>(name, read, help)
        ->type_name("value")
        ->option_text("BYTES");
}

void refuse_choice(const std::string& name, const std::vector<std::string>& words,
                   const std::string& given) {
    std::string wanted = words.front();
    for (std::size_t i = 1; i < words.size(); ++i) {
        wanted += (i + 1 == words.size() ? " or " : ", ") + words[i];
    }
    refuse(name, wanted, given);
}

}  // namespace infinipot::cli
