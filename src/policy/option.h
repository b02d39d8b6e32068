#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "policy/spec.h"

namespace infinipot::policies {

/// Range of the numbers that an option accepts.
struct Range {
    double least;
    double most;
    bool odd = false;

    bool holds(double number) const;  ///< false for NaN
    /// Returns `a whole number of at least 1`, `a number from 0 to 1`.
    std::string text(bool whole) const;
};

Range any_number();
Range at_least(double least);
Range between(double least, double most);
Range odd_number();  ///< odd and at least 1

/// A spelling of an older release that is still read.
struct FormerSpelling {
    std::string name;
    /// Old values and their values of today. Values that are not listed have not changed.
    std::vector<std::pair<std::string, std::string>> values;
};

/// One option of a policy whose struct of options is `Options`.
template <typename Options>
struct Option {
    std::string name;
    std::string help;                ///< one sentence
    std::string values;              ///< accepted values: `a number from 0 to 1`
    std::vector<std::string> words;  ///< words among the accepted values
    /// Sets the option. Returns false if the text has another form; does not check the range.
    std::function<bool(Options& options, const std::string& text)> read;
    std::function<std::string(const Options& options)> print;
    std::function<bool(const Options& options)> in_range;
    std::vector<FormerSpelling> former_spellings = {};

    Option&& formerly(std::string old_name,
                      std::vector<std::pair<std::string, std::string>> old_values) && {
        former_spellings.push_back({std::move(old_name), std::move(old_values)});
        return std::move(*this);
    }
};

/// Returns `none, heads or layers`.
std::string alternatives(const std::vector<std::string>& words);

/// Returns the index of `text` in `words`.
std::optional<std::size_t> place_of(const std::string& text, const std::vector<std::string>& words);

/// Makes an option that is an int or a float.
template <typename Options, typename Number>
requires std::is_same_v<Number, int> || std::is_same_v<Number, float> Option<Options> option(
    std::string name, Number Options::*member, Range range, std::string help) {
    return {.name = std::move(name),
            .help = std::move(help),
            .values = range.text(std::is_same_v<Number, int>),
            .words = {},
            .read =
                [member](Options& options, const std::string& text) {
                    const auto number = read_value<Number>(text);
                    if (number) options.*member = *number;
                    return number.has_value();
                },
            .print = [member](const Options& options) { return print_value(options.*member); },
            .in_range = [member,
                         range](const Options& options) { return range.holds(options.*member); }};
}

/// Makes an option that is a whole number, or `word` if it is empty.
template <typename Options>
Option<Options> option(std::string name, std::optional<int> Options::*member, std::string word,
                       Range range, std::string help) {
    return {.name = std::move(name),
            .help = std::move(help),
            .values = word + " or " + range.text(true),
            .words = {word},
            .read =
                [member, word](Options& options, const std::string& text) {
                    options.*member = text == word ? std::nullopt : read_value<int>(text);
                    return text == word || (options.*member).has_value();
                },
            .print =
                [member, word](const Options& options) {
                    return options.*member ? print_value(*(options.*member)) : word;
                },
            .in_range =
                [member, range](const Options& options) {
                    return !(options.*member) || range.holds(*(options.*member));
                }};
}

/// Makes an option that is one of several words: the values of an enum in their order, or `no` and
/// `yes` for a bool.
template <typename Options, typename Choice>
requires std::is_enum_v<Choice> || std::is_same_v<Choice, bool> Option<Options> option(
    std::string name, Choice Options::*member, std::vector<std::string> words, std::string help) {
    const auto index = [member](const Options& options) {
        return static_cast<std::size_t>(options.*member);
    };
    return {.name = std::move(name),
            .help = std::move(help),
            .values = alternatives(words),
            .words = words,
            .read =
                [member, words](Options& options, const std::string& text) {
                    const auto place = place_of(text, words);
                    if (place) options.*member = static_cast<Choice>(*place);
                    return place.has_value();
                },
            .print =
                [index, words](const Options& options) {
                    const std::size_t i = index(options);
                    return i < words.size() ? words[i] : std::to_string(static_cast<int>(i));
                },
            .in_range = [index,
                         n = words.size()](const Options& options) { return index(options) < n; }};
}

/// Makes the option that multiplies attention by the norm of the value. Four policies have it.
template <typename Options>
Option<Options> value_norm_option() {
    return option("value_norm", &Options::value_norm, {"none", "l1", "l2"},
                  "The norm of the value by which attention is multiplied.")
        .formerly("value_norm", {{"0", "none"}, {"1", "l1"}, {"2", "l2"}});
}

/// Makes the option for entries at the start of the text that the policy always keeps.
template <typename Options>
Option<Options> sinks_option() {
    return option("sinks", &Options::sinks, at_least(0),
                  "Entries at the start that are always kept.");
}

}  // namespace infinipot::policies
