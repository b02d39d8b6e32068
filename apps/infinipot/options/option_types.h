#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Kinds of command line options. A value is checked as it is read, and the error says what is
/// wanted. `names` are an option's letter and its word, such as "-c,--capacity"; words after the
/// first are aliases, which only --help-all lists.
namespace infinipot::cli {

/// The heading of options that --help leaves out and --help-all shows below `heading`.
std::string advanced(const std::string& heading);

/// Strings, as they are.
CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& placeholder, const std::string& help);
CLI::Option* add_texts(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                       const std::string& placeholder, const std::string& help);

/// Names of files and folders. add_files() takes one name each time it is given.
CLI::Option* add_file(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& help);
CLI::Option* add_files(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                       const std::string& help);
CLI::Option* add_folder(CLI::App& app, const std::string& names, std::string& value,
                        const std::string& help);

/// Words that a shell proposes for the value of an option; others are accepted.
void suggest(CLI::Option& option, const std::vector<std::string>& words);

/// A whole number of at least `least`.
CLI::Option* add_count(CLI::App& app, const std::string& names, int& value, int least,
                       const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& names, std::optional<int>& value,
                       int least, const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& names, std::uint32_t& value,
                       const std::string& help);

/// Whole numbers, instead of those that `values` holds: the option again for each, or commas
/// between them.
CLI::Option* add_counts(CLI::App& app, const std::string& names, std::vector<int>& values,
                        int least, const std::string& help);

/// A number from `least` to `most`.
CLI::Option* add_number(CLI::App& app, const std::string& names, float& value, float least,
                        float most, const std::string& help);

/// Numbers from `least` to `most`, instead of those that `values` holds.
CLI::Option* add_numbers(CLI::App& app, const std::string& names, std::vector<double>& values,
                         double least, double most, const std::string& help);

/// An amount of memory in bytes, such as 64MiB.
CLI::Option* add_bytes(CLI::App& app, const std::string& names, std::optional<std::size_t>& value,
                       const std::string& help);

[[noreturn]] void refuse_choice(const std::string& names, const std::vector<std::string>& words,
                                const std::string& given);

/// One of a few words, each of which stands for a value.
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
