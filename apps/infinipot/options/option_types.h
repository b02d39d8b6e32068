#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infinipot/session.h"

/// Types of command-line options. A value is checked when it is parsed, and the error names the
/// allowed values. `names` has an option's letter and word, such as "-c,--capacity". Words after
/// the first are aliases, which only --help-all lists.
namespace infinipot::cli {

/// Returns the heading of options that only --help-all shows, below `heading`.
std::string advanced(const std::string& heading);

/// Strings, unchanged.
CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& placeholder, const std::string& help);
CLI::Option* add_texts(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                       const std::string& placeholder, const std::string& help);

/// Strings, one per option, which may be repeated.
CLI::Option* add_repeated_text(CLI::App& app, const std::string& names,
                               std::vector<std::string>& values, const std::string& placeholder,
                               const std::string& help);

/// Names of files and folders. add_files() takes one name per option, which may be repeated.
CLI::Option* add_file(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& help);
CLI::Option* add_files(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                       const std::string& help);
CLI::Option* add_folder(CLI::App& app, const std::string& names, std::string& value,
                        const std::string& help);

/// Sets the words that a shell proposes for an option. The option accepts other words too.
void suggest(CLI::Option& option, const std::vector<std::string>& words);

/// A whole number of at least `least`.
CLI::Option* add_count(CLI::App& app, const std::string& names, int& value, int least,
                       const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& names, std::optional<int>& value,
                       int least, const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& names, std::uint32_t& value,
                       const std::string& help);

/// Whole numbers that replace those in `values`. The option is repeated, or commas separate the
/// numbers.
CLI::Option* add_counts(CLI::App& app, const std::string& names, std::vector<int>& values,
                        int least, const std::string& help);

/// A number from `least` to `most`.
CLI::Option* add_number(CLI::App& app, const std::string& names, float& value, float least,
                        float most, const std::string& help);

/// Numbers from `least` to `most` that replace those in `values`.
CLI::Option* add_numbers(CLI::App& app, const std::string& names, std::vector<double>& values,
                         double least, double most, const std::string& help);

/// Token ids with a number from `least` to `most` each, such as 15043=-100; the option may be
/// repeated.
CLI::Option* add_biases(CLI::App& app, const std::string& names, std::vector<LogitBias>& values,
                        float least, float most, const std::string& help);

/// An amount of memory in bytes, such as 64MiB.
CLI::Option* add_bytes(CLI::App& app, const std::string& names, std::optional<std::size_t>& value,
                       const std::string& help);

[[noreturn]] void refuse_choice(const std::string& names, const std::vector<std::string>& words,
                                const std::string& given);

/// One of several words, each of which stands for a value.
template <typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& names, T& value,
                        std::vector<std::pair<std::string, T>> choices, const std::string& help) {
    std::vector<std::string> words;
    for (const auto& choice : choices) words.push_back(choice.first);
    const auto choose = [=, &value](const std::string& given) {
        for (const auto& [word, meaning] : choices) {
            if (word != given) continue;
            value = meaning;
            return;
        }
        refuse_choice(names, words, given);
    };
    CLI::Option* option =
        app.add_option_function<std::string>(names, choose, help)->option_text("WORD");
    suggest(*option, words);
    return option;
}

}  // namespace infinipot::cli
