// Text form of schedules and positions.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

constexpr std::array<std::pair<std::string_view, Schedule>, 4> schedules = {{
    {"when-full", Schedule::when_full},
    {"per-token", Schedule::per_token},
    {"at-end", Schedule::at_end},
    {"before-reading", Schedule::before_reading},
}};

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

/// Returns nothing if the text has another form or a wrong value.
std::optional<Positions> parse_grouped(std::string_view text) {
    if (!text.starts_with("grouped:")) return {};
    try {
        const PolicySpec spec = PolicySpec::parse(text);
        std::optional<int> group, neighbours;
        for (const PolicySpec::Option& option : spec.options()) {
            if (option.name != "group" && option.name != "neighbours") return {};
            (option.name == "group" ? group : neighbours) = read_value<int>(option.value);
        }
        if (!group || !neighbours) return {};
        return Positions::in_groups(*group, *neighbours);
    } catch (const Error&) {  // its sentence would be about a policy
        return {};
    }
}

}  // namespace

std::string_view to_string(Schedule schedule) {
    for (const auto& [name, value] : schedules) {
        if (value == schedule) return name;
    }
    return {};
}

Schedule parse_schedule(std::string_view text) {
    for (const auto& [name, value] : schedules) {
        if (name == text) return value;
    }
    if (text == "one-by-one") return Schedule::per_token;  // spelling of release 0.1
    fail("a schedule is when-full, per-token, at-end or before-reading, not \"" +
         std::string(text) + '"');
}

std::string to_string(const Positions& positions) {
    switch (positions.rule) {
        case Positions::reset:
            return "reset";
        case Positions::keep:
            return "keep";
        case Positions::grouped:
            break;
    }
    return PolicySpec("grouped", {{"group", print_value(positions.group)},
                                  {"neighbours", print_value(positions.neighbours)}})
        .print();
}

Positions parse_positions(std::string_view text) {
    if (text == "reset") return Positions::reset;
    if (text == "keep") return Positions::keep;
    if (const auto positions = parse_grouped(text)) return *positions;
    fail("positions are reset, keep or grouped:group=N,neighbours=N, not \"" + std::string(text) +
         '"');
}

}  // namespace infinipot
