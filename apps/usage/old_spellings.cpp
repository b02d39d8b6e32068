#include "usage/old_spellings.h"

#include <cstddef>

namespace infinipot::usage {
namespace {

/// Returns the words before the first option: "eval needle".
std::string command_of(const std::vector<std::string>& arguments) {
    std::string command;
    for (const std::string& argument : arguments) {
        if (argument.starts_with('-')) break;
        command += (command.empty() ? "" : " ") + argument;
    }
    return command;
}

bool is_of(const OldSpelling& spelling, const std::string& command) {
    return spelling.command.empty() || (command + ' ').starts_with(spelling.command + ' ');
}

/// Replaces the argument at `i` if it has the old spelling, and returns whether it had.
bool replace(std::vector<std::string>& arguments, std::size_t i, const OldSpelling& spelling) {
    std::string& argument = arguments[i];
    const bool with_value = spelling.before.find('=') != std::string::npos;
    if (argument == spelling.before) {
        argument = spelling.now;
    } else if (!with_value && argument.starts_with(spelling.before + '=')) {
        argument = spelling.now + argument.substr(spelling.before.size());
    } else if (with_value && i + 1 < arguments.size() &&
               argument + '=' + arguments[i + 1] == spelling.before) {
        argument = spelling.now;
        arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::vector<std::string> modern(const std::vector<std::string>& arguments,
                                const std::vector<OldSpelling>& spellings) {
    const std::string command = command_of(arguments);
    std::vector<std::string> result = arguments;
    for (std::size_t i = 0; i < result.size() && result[i] != "--"; ++i) {
        for (const OldSpelling& spelling : spellings) {
            if (is_of(spelling, command) && replace(result, i, spelling)) break;
        }
    }
    return result;
}

}  // namespace infinipot::usage
