#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "infinipot/policy.h"
#include "policy/option.h"
#include "policy/spec.h"

namespace infinipot::policies {

/// @throws Error(invalid_argument) `policy P wants VALUES for OPTION, not "TEXT"`, with a hint at
/// the nearest of `words`.
[[noreturn]] void refuse_value(const std::string& policy, const std::string& option,
                               const std::string& values, const std::vector<std::string>& words,
                               const std::string& text);

/// @throws Error(invalid_argument) with a hint at the nearest of the known options.
[[noreturn]] void refuse_option(const std::string& policy, const std::string& option,
                                const std::vector<std::string>& known);

/// @throws Error(invalid_argument) because an option is given under two spellings.
[[noreturn]] void refuse_repeat(const std::string& policy, const std::string& option);

/// @throws Error(invalid_argument) `policy P SENTENCE`.
[[noreturn]] void refuse_options(const std::string& policy, const std::string& sentence);

/// Options of a policy that has none.
struct NoOptions {};

/// Everything about one policy. Each policy's file has one row, which parser, printer, range
/// checks, help and documents read. The initial values of `Options`, its struct of options, are the
/// defaults.
template <typename Options>
struct PolicyRow {
    std::string name;
    std::string summary;  ///< one sentence: what the policy keeps
    std::string source;   ///< the paper that it comes from
    std::string cost;     ///< cost in addition to reading the text
    /// Makes the policy. It calls check() first.
    PolicyPtr (*make)(Options options);
    std::vector<Option<Options>> options = {};
    /// Returns why options exclude each other, as the rest of a sentence that begins with the
    /// policy's name; empty if they do not.
    std::string (*conflict)(const Options& options) = nullptr;
    /// The KV cache bounds memory for a text of any length. false: the whole text must fit into it.
    bool bounded = true;

    /// Returns the text form, with the value of every option.
    std::string spec(const Options& values) const {
        std::vector<PolicySpec::Option> printed;
        for (const auto& option : options) printed.push_back({option.name, option.print(values)});
        return PolicySpec(name, std::move(printed)).print();
    }

    /// @throws Error(invalid_argument) if a value is out of range or options exclude each other.
    void check(const Options& values) const {
        for (const auto& option : options) {
            if (option.in_range(values)) continue;
            refuse_value(name, option.name, option.values, {}, option.print(values));
        }
        const std::string reason = conflict ? conflict(values) : "";
        if (!reason.empty()) refuse_options(name, reason);
    }

    /// Returns the options of a spec, in today's or a former spelling. Others keep their defaults.
    /// @throws Error(invalid_argument) if an option is unknown or given twice, or a value is wrong.
    Options read(const PolicySpec& spec) const {
        Options values;
        std::vector<std::string> seen;
        for (const PolicySpec::Option& given : spec.options()) {
            const auto& option = find(given.name);
            if (std::ranges::find(seen, option.name) != seen.end())
                refuse_repeat(name, option.name);
            seen.push_back(option.name);
            if (!option.read(values, todays_value(option, given)))
                refuse_value(name, option.name, option.values, option.words, given.value);
        }
        return values;
    }

   private:
    const Option<Options>& find(const std::string& given) const {
        std::vector<std::string> known;
        for (const auto& option : options) {
            if (option.name == given) return option;
            known.push_back(option.name);
        }
        for (const auto& option : options) {
            for (const auto& former : option.former_spellings)
                if (former.name == given) return option;
        }
        refuse_option(name, given, known);
    }

    static std::string todays_value(const Option<Options>& option,
                                    const PolicySpec::Option& given) {
        for (const auto& former : option.former_spellings) {
            if (former.name != given.name) continue;
            for (const auto& [old_value, value] : former.values)
                if (old_value == given.value) return value;
        }
        return given.value;
    }
};

/// A row without the type of its options, for the registry.
struct AnyPolicyRow {
    PolicyInfo info;
    std::function<PolicyPtr(const PolicySpec& spec)> make;

    /// @param row lives as long as the program.
    template <typename Options>
    AnyPolicyRow(const PolicyRow<Options>& row)
        : info({.name = row.name, .summary = row.summary, .source = row.source, .cost = row.cost}),
          make([&row](const PolicySpec& spec) { return row.make(row.read(spec)); }) {
        info.bounded = row.bounded;
        for (const auto& option : row.options) {
            PolicyOption shown = {.name = option.name,
                                  .default_value = option.print(Options()),
                                  .values = option.values,
                                  .help = option.help};
            for (const auto& former : option.former_spellings) {
                if (former.values.empty()) shown.formerly.push_back(former.name);
                for (const auto& [old_value, value] : former.values)
                    shown.formerly.push_back(former.name + '=' + old_value);
            }
            info.options.push_back(std::move(shown));
        }
    }
};

/// Returns the measurements that a policy needs, in the words of help and documents.
std::string describe(const Needs& needs);

/// Returns `a, b, c`.
std::string join(const std::vector<std::string>& words);

/// Returns `did you mean "novelty"?`, or all known words if none is near.
std::string hint(const std::string& word, const std::vector<std::string>& known,
                 const std::string& introduction);

}  // namespace infinipot::policies
