#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Kinds of command line options whose values are checked as they are read, with errors that say
/// what is wanted.
namespace infinipot::cli {

/// A whole number of at least `least`.
CLI::Option* add_count(CLI::App& app, const std::string& name, int& value, int least,
                       const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& name, std::optional<int>& value, int least,
                       const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& name, std::function<void(int)> set,
                       int least, const std::string& help);
CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint32_t& value,
                       const std::string& help);

/// Whole numbers, instead of those that `values` holds: the option again for each, or commas
/// between them.
CLI::Option* add_counts(CLI::App& app, const std::string& name, std::vector<int>& values, int least,
                        const std::string& help);

/// A number from `least` to `most`.
CLI::Option* add_number(CLI::App& app, const std::string& name, float& value, float least,
                        float most, const std::string& help);

/// Numbers, likewise.
CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<double>& values,
                         double least, double most, const std::string& help);

/// An amount of memory in bytes, such as 64MiB.
CLI::Option* add_bytes(CLI::App& app, const std::string& name, std::optional<std::size_t>& value,
                       const std::string& help);

[[noreturn]] void refuse_choice(const std::string& name, const std::vector<std::string>& words,
                                const std::string& given);

/// One of a few words, each of which stands for a value.
template <typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value,
                        std::vector<std::pair<std::string, T>> choices, const std::string& help) {
    const auto choose = [name, &value, choices](const std::string& given) {
        std::vector<std::string> words;
        for (const auto& [word, meaning] : choices) {
            words.push_back(word);
            if (word != given) continue;
            value = meaning;
            return;
        }
        refuse_choice(name, words, given);
    };
    return app.add_option_function<std::string>(name, choose, help)
        ->type_name("value")
        ->option_text("WORD");
}

}  // namespace infinipot::cli
