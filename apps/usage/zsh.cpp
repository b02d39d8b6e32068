#include <algorithm>

#include "usage/completion.h"
#include "usage/shell_words.h"

namespace infinipot::usage {
namespace {

/// Returns the text with a backslash before characters that _arguments and _describe interpret.
std::string plain(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
        result += c;
    }
    return result;
}

std::string action(const Option& option) {
    switch (option.values) {
        case Values::words: {
            std::vector<std::string> words;
            for (const std::string& word : option.words) words.push_back(plain(word));
            return '(' + joined(words) + ')';
        }
        case Values::files:
            return "_files";
        case Values::folders:
            return "_files -/";
        case Values::none:
        case Values::text:
            break;
    }
    return " ";
}

/// Returns the specification of one option for _arguments.
std::string specification(const Option& option) {
    if (option.positional) {
        return quoted((option.repeats ? "*:" : ":") + option.names.front() + ':' + action(option));
    }
    std::string value;
    if (option.values != Values::none) value = ':' + option.placeholder + ':' + action(option);
    const std::string rest = quoted('[' + plain(option.help) + ']' + value);
    std::string names;
    for (const std::string& name : option.names) {
        const bool joins = option.values != Values::none && name.starts_with("--");
        names += (names.empty() ? "" : ",") + name + (joins ? "=" : "");
    }
    if (option.names.size() > 1) names = '{' + names + '}';
    return quoted(option.repeats ? "*" : '(' + joined(option.names) + ')') + names + rest;
}

std::string function_of(const Command& command) {
    std::string name = '_' + command.name;
    std::ranges::replace(name, ' ', '_');
    return name;
}

/// Returns code that proposes the subcommands, and calls the function of the one that was typed.
std::string choice(const Command& command) {
    std::string text = "    if (( CURRENT > 2 )); then\n        case $words[2] in\n";
    for (const Command& each : command.commands) {
        text += "            " + last_word(each) + ") shift words; (( CURRENT-- )); " +
                function_of(each) + "; return ;;\n";
    }
    text += "        esac\n    fi\n    local -a commands=(\n";
    for (const Command& each : command.commands) {
        text += "        " + quoted(last_word(each) + ':' + plain(each.summary)) + '\n';
    }
    return text + "    )\n    [[ $PREFIX == -* ]] || _describe command commands\n";
}

std::string function(const Command& command) {
    std::string text = '\n' + function_of(command) + "() {\n";
    if (!command.commands.empty()) text += choice(command);
    text += "    _arguments -S";
    for (const Option& option : command.options) text += " \\\n        " + specification(option);
    text += " \\\n        '(-h --help)'{-h,--help}'[Print the common options]'";
    return text + " \\\n        --help-all'[Print every option]'\n}\n";
}

}  // namespace

std::string zsh_completion(const Command& program) {
    std::string text =
        "#compdef " + program.name + "\n# Written by " + program.name + " --completion zsh\n";
    for (const Command* each : all_commands(program)) text += function(*each);
    return text + '\n' + function_of(program) + " \"$@\"\n";
}

}  // namespace infinipot::usage
