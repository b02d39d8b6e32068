#include "usage/completion.h"
#include "usage/shell_words.h"

namespace infinipot::usage {
namespace {

/// Returns the line of a `case` that completes the value of one option.
std::string value_case(const Option& option) {
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "" : " | ") + name;
    std::string action;
    switch (option.values) {
        case Values::none:
            return "";
        case Values::text:
            action = "values=none";
            break;
        case Values::words:
            action = "values=words words=" + quoted(joined(option.words));
            break;
        case Values::files:
            action = "values=files";
            break;
        case Values::folders:
            action = "values=folders";
            break;
    }
    return "                " + names + ") " + action + " ;;\n";
}

std::string command_case(const Command& command) {
    std::string words, values, positional;
    for (const Command& each : command.commands) words += last_word(each) + ' ';
    for (const Option& option : command.options) {
        if (!option.positional) {
            words += joined(option.names) + ' ';
            values += value_case(option);
        } else if (option.values == Values::files || option.values == Values::folders) {
            positional = option.values == Values::files ? "files" : "folders";
        }
    }
    std::string text = "        " + quoted(command.name) + ")\n";
    if (!positional.empty()) text += "            values=" + positional + '\n';
    text += "            words=" + quoted(words + "-h --help --help-all") + '\n';
    if (!values.empty()) text += "            case $previous in\n" + values + "            esac\n";
    return text + "            ;;\n";
}

std::string known_commands(const Command& program) {
    std::string text;
    for (const Command* each : all_commands(program)) {
        if (each != &program) text += (text.empty() ? "" : " | ") + quoted(each->name);
    }
    return text;
}

constexpr const char* beginning = R"(
_infinipot() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=infinipot values= words= i
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case "$command ${COMP_WORDS[i]}" in
            @commands@) command="$command ${COMP_WORDS[i]}" ;;
            *) break ;;
        esac
    done
    case $command in
)";

constexpr const char* end = R"(    esac
    [[ $current == -* ]] && values=words
    local IFS=$'\n'
    case $values in
        none) COMPREPLY=() ;;
        files) COMPREPLY=($(compgen -f -- "$current")) ;;
        folders) COMPREPLY=($(compgen -d -- "$current")) ;;
        *) COMPREPLY=($(IFS=' '; compgen -W "$words" -- "$current")) ;;
    esac
    case $values in
        files | folders) compopt -o filenames 2>/dev/null ;;
    esac
    return 0
}
complete -F _infinipot infinipot
)";

}  // namespace

std::string bash_completion(const Command& program) {
    std::string text = replaced(beginning, "@commands@", known_commands(program));
    for (const Command* each : all_commands(program)) text += command_case(*each);
    return "# bash completion of " + program.name + ", written by " + program.name +
           " --completion bash\n" + replaced(text + end, "infinipot", program.name);
}

}  // namespace infinipot::usage
