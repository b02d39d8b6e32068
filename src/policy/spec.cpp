#include "policy/spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include "infinipot/error.h"

namespace infinipot {
namespace {

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

PolicySpec::Option parse_option(std::string_view policy, std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
        fail("policy " + std::string(policy) + " wants options as option=value, not " +
             quoted(text));
    }
    return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::vector<PolicySpec::Option> parse_options(std::string_view policy, std::string_view text) {
    std::vector<PolicySpec::Option> options;
    for (;;) {
        const std::size_t comma = text.find(',');
        options.push_back(parse_option(policy, text.substr(0, comma)));
        if (comma == std::string_view::npos) return options;
        text.remove_prefix(comma + 1);
    }
}

void refuse_repeats(const PolicySpec& spec) {
    for (const PolicySpec::Option& option : spec.options()) {
        const auto same = [&](const PolicySpec::Option& other) {
            return other.name == option.name;
        };
        if (std::count_if(spec.options().begin(), spec.options().end(), same) > 1) {
            fail("policy " + spec.name() + " is given the option " + quoted(option.name) +
                 " more than once");
        }
    }
}

template <typename T>
std::string print_shortest(T value) {
    std::array<char, 32> text{};  // a float takes at most 16 characters, an int 11
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

}  // namespace

PolicySpec::PolicySpec(std::string name, std::vector<Option> options)
    : name_(std::move(name)), options_(std::move(options)) {}

PolicySpec PolicySpec::parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    if (name.empty()) fail("a policy is written name:option=value,..., not " + quoted(text));
    if (colon == std::string_view::npos) return PolicySpec(std::string(name));

    PolicySpec spec(std::string(name), parse_options(name, text.substr(colon + 1)));
    refuse_repeats(spec);
    return spec;
}

std::string PolicySpec::print() const {
    std::string text = name_;
    char separator = ':';
    for (const Option& option : options_) {
        text += separator + option.name + '=' + option.value;
        separator = ',';
    }
    return text;
}

template <typename T>
std::optional<T> read_value(std::string_view text) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return {};
    return value;
}

template std::optional<int> read_value(std::string_view text);
template std::optional<float> read_value(std::string_view text);

std::string print_value(float value) { return print_shortest(value); }
std::string print_value(int value) { return print_shortest(value); }

}  // namespace infinipot
