#include "options/option_types.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/byte_size.h"
#include "base/word_list.h"
#include "options/describe.h"

namespace infinipot::cli {
namespace {

/// Returns the word of an option for an error: "--capacity" for "-c,--capacity,--ctx-size".
std::string word_of(const std::string& names) {
    const std::size_t begin = names.find("--");
    if (begin == std::string::npos) return names;
    return names.substr(begin, names.find(',', begin) - begin);
}

[[noreturn]] void refuse(const std::string& names, const std::string& wanted,
                         const std::string& given) {
    throw CLI::ValidationError(word_of(names) + " wants " + wanted + ", not \"" + given + '"');
}

/// Returns all of `text` as a number; nothing if it is not a number.
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
T whole(const std::string& names, const std::string& given, T least) {
    const auto number = parse<T>(given);
    if (!number || *number < least) {
        refuse(names, "a whole number of at least " + std::to_string(least), given);
    }
    return *number;
}

template <typename T>
T within(const std::string& names, const std::string& given, T least, T most) {
    const auto number = parse<T>(given);
    if (!number || !(*number >= least && *number <= most)) {
        refuse(names, "a number from " + short_text(least) + " to " + short_text(most), given);
    }
    return *number;
}

/// Adds an option whose value is the result of `read`, called with its text.
template <typename T, typename Read>
CLI::Option* add_one(CLI::App& app, const std::string& names, T& value, Read read,
                     const std::string& help) {
    const auto set = [&value, read](const std::string& given) { value = read(given); };
    return app.add_option_function<std::string>(names, set, help)->type_name(text_values);
}

template <typename T, typename Read>
CLI::Option* add_several(CLI::App& app, const std::string& names, std::vector<T>& values, Read read,
                         const std::string& help) {
    const auto set = [&values, read](const std::vector<std::string>& given) {
        values.clear();
        for (const std::string& each : given) values.push_back(read(each));
    };
    return app.add_option_function<std::vector<std::string>>(names, set, help)
        ->type_name(text_values)
        ->delimiter(',');
}

}  // namespace

std::string advanced(const std::string& heading) { return heading + advanced_suffix; }

CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& placeholder, const std::string& help) {
    return app.add_option(names, value, help)->type_name(text_values)->option_text(placeholder);
}

CLI::Option* add_texts(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                       const std::string& placeholder, const std::string& help) {
    return app.add_option(names, values, help)->type_name(text_values)->option_text(placeholder);
}

CLI::Option* add_repeated_text(CLI::App& app, const std::string& names,
                               std::vector<std::string>& values, const std::string& placeholder,
                               const std::string& help) {
    return add_texts(app, names, values, placeholder, help)->allow_extra_args(false);
}

CLI::Option* add_file(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& help) {
    return add_text(app, names, value, "FILE", help)->type_name(file_values);
}

CLI::Option* add_files(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                       const std::string& help) {
    return add_repeated_text(app, names, values, "FILE", help)->type_name(file_values);
}

CLI::Option* add_folder(CLI::App& app, const std::string& names, std::string& value,
                        const std::string& help) {
    return add_text(app, names, value, "FOLDER", help)->type_name(folder_values);
}

void suggest(CLI::Option& option, const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : "|") + word;
    option.type_name(text);
}

CLI::Option* add_count(CLI::App& app, const std::string& names, int& value, int least,
                       const std::string& help) {
    const auto read = [=](const std::string& given) { return whole(names, given, least); };
    return add_one(app, names, value, read, help)->option_text("N");
}

CLI::Option* add_count(CLI::App& app, const std::string& names, std::optional<int>& value,
                       int least, const std::string& help) {
    const auto read = [=](const std::string& given) { return whole(names, given, least); };
    return add_one(app, names, value, read, help)->option_text("N");
}

CLI::Option* add_count(CLI::App& app, const std::string& names, std::uint32_t& value,
                       const std::string& help) {
    const auto read = [=](const std::string& given) {
        return whole<std::uint32_t>(names, given, 0);
    };
    return add_one(app, names, value, read, help)->option_text("N");
}

CLI::Option* add_counts(CLI::App& app, const std::string& names, std::vector<int>& values,
                        int least, const std::string& help) {
    const auto read = [=](const std::string& given) { return whole(names, given, least); };
    return add_several(app, names, values, read, help)->option_text("N ...");
}

CLI::Option* add_number(CLI::App& app, const std::string& names, float& value, float least,
                        float most, const std::string& help) {
    const auto read = [=](const std::string& given) { return within(names, given, least, most); };
    return add_one(app, names, value, read, help)->option_text("X");
}

CLI::Option* add_numbers(CLI::App& app, const std::string& names, std::vector<double>& values,
                         double least, double most, const std::string& help) {
    const auto read = [=](const std::string& given) { return within(names, given, least, most); };
    return add_several(app, names, values, read, help)->option_text("X ...");
}

CLI::Option* add_biases(CLI::App& app, const std::string& names, std::vector<LogitBias>& values,
                        float least, float most, const std::string& help) {
    const auto read = [=](const std::string& given) -> LogitBias {
        const std::size_t equals = given.find('=');
        const auto token = parse<Token>(std::string_view(given).substr(0, equals));
        if (equals == std::string::npos || !token || *token < 0)
            refuse(names, "a token id and a bias such as 15043=-100", given);
        return {*token, within(names, given.substr(equals + 1), least, most)};
    };
    return add_several(app, names, values, read, help)
        ->option_text("TOKEN=BIAS")
        ->allow_extra_args(false);
}

CLI::Option* add_bytes(CLI::App& app, const std::string& names, std::optional<std::size_t>& value,
                       const std::string& help) {
    const auto read = [=](const std::string& given) {
        const auto bytes = parse_byte_size(given);
        if (!bytes || *bytes == 0) refuse(names, "an amount of memory such as 64MiB", given);
        return *bytes;
    };
    return add_one(app, names, value, read, help)->option_text("BYTES");
}

void refuse_choice(const std::string& names, const std::vector<std::string>& words,
                   const std::string& given) {
    refuse(names, one_of(words), given);
}

}  // namespace infinipot::cli
