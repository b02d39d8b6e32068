#include "usage/command.h"

#include <algorithm>

namespace infinipot::usage {

std::string last_word(const Command& command) {
    return command.name.substr(command.name.rfind(' ') + 1);
}

std::vector<const Command*> all_commands(const Command& command) {
    std::vector<const Command*> all = {&command};
    for (const Command& each : command.commands) {
        const auto inner = all_commands(each);
        all.insert(all.end(), inner.begin(), inner.end());
    }
    return all;
}

std::vector<std::string> sections(const Command& command) {
    std::vector<std::string> found;
    for (const Option& option : command.options) {
        if (std::ranges::find(found, option.section) == found.end()) {
            found.push_back(option.section);
        }
    }
    return found;
}

std::string synopsis(const Command& command) {
    std::string text = command.name;
    const auto positional = [](const Option& option) { return option.positional; };
    if (!std::ranges::all_of(command.options, positional)) text += " [OPTIONS]";
    if (!command.commands.empty()) text += " COMMAND ...";
    for (const Option& option : command.options) {
        if (option.positional) text += ' ' + option.names.front() + (option.repeats ? "..." : "");
    }
    return text;
}

}  // namespace infinipot::usage
