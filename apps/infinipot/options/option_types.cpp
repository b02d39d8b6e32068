#include "options/option_types.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/byte_size.h"

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

std::string short_text(double value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

template <typename T>
T whole(const std::string& name, const std::string& given, T least) {
    const auto number = parse<T>(given);
    if (!number || *number < least) {
        refuse(name, "a whole number of at least " + std::to_string(least), given);
    }
    return *number;
}

template <typename T>
T within(const std::string& name, const std::string& given, T least, T most) {
    const auto number = parse<T>(given);
    if (!number || !(*number >= least && *number <= most)) {
        refuse(name, "a number from " + short_text(least) + " to " + short_text(most), given);
    }
    return *number;
}

/// An option whose value is what `read` makes of its text.
template <typename T, typename Read>
CLI::Option* add_one(CLI::App& app, const std::string& name, T& value, Read read,
                     const std::string& help) {
    const auto set = [&value, read](const std::string& given) { value = read(given); };
    return app.add_option_function<std::string>(name, set, help)->type_name("value");
}

template <typename T, typename Read>
CLI::Option* add_several(CLI::App& app, const std::string& name, std::vector<T>& values, Read read,
                         const std::string& help) {
    const auto set = [&values, read](const std::vector<std::string>& given) {
        values.clear();
        for (const std::string& each : given) values.push_back(read(each));
    };
    return app.add_option_function<std::vector<std::string>>(name, set, help)
        ->type_name("value")
        ->delimiter(',');
}

}  // namespace

CLI::Option* add_count(CLI::App& app, const std::string& name, int& value, int least,
                       const std::string& help) {
    const auto read = [=](const std::string& given) { return whole(name, given, least); };
    return add_one(app, name, value, read, help)->option_text("N");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::optional<int>& value, int least,
                       const std::string& help) {
    const auto read = [=](const std::string& given) { return whole(name, given, least); };
    return add_one(app, name, value, read, help)->option_text("N");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::function<void(int)> set,
                       int least, const std::string& help) {
    const auto read = [=](const std::string& given) { set(whole(name, given, least)); };
    return app.add_option_function<std::string>(name, read, help)
        ->type_name("value")
        ->option_text("N");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint32_t& value,
                       const std::string& help) {
    const auto read = [=](const std::string& given) {
        return whole<std::uint32_t>(name, given, 0);
    };
    return add_one(app, name, value, read, help)->option_text("N");
}

CLI::Option* add_counts(CLI::App& app, const std::string& name, std::vector<int>& values, int least,
                        const std::string& help) {
    const auto read = [=](const std::string& given) { return whole(name, given, least); };
    return add_several(app, name, values, read, help)->option_text("N ...");
}

CLI::Option* add_number(CLI::App& app, const std::string& name, float& value, float least,
                        float most, const std::string& help) {
    const auto read = [=](const std::string& given) { return within(name, given, least, most); };
    return add_one(app, name, value, read, help)->option_text("X");
}

CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<double>& values,
                         double least, double most, const std::string& help) {
    const auto read = [=](const std::string& given) { return within(name, given, least, most); };
    return add_several(app, name, values, read, help)->option_text("X ...");
}

CLI::Option* add_bytes(CLI::App& app, const std::string& name, std::optional<std::size_t>& value,
                       const std::string& help) {
    const auto read = [=](const std::string& given) {
        const auto bytes = parse_byte_size(given);
        if (!bytes || *bytes == 0) refuse(name, "an amount of memory such as 64MiB", given);
        return *bytes;
    };
    return add_one(app, name, value, read, help)->option_text("BYTES");
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
