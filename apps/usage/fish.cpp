#include "usage/completion.h"
#include "usage/shell_words.h"

namespace infinipot::usage {
namespace {

/// Returns the text in single quotes, inside which fish has two escapes.
std::string in_quotes(std::string_view text) {
    return '\'' + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + '\'';
}

/// Returns the name of a command without the program's name.
std::string path_of(const Command& command) {
    const std::size_t blank = command.name.find(' ');
    return blank == std::string::npos ? "" : command.name.substr(blank + 1);
}

/// Returns the beginning of every line about a command.
std::string at(const Command& command, const std::string& program) {
    const std::string path = path_of(command);
    return "complete -c " + program + " -n '__" + program + "_at" +
           (path.empty() ? "" : " " + path) + '\'';
}

std::string value(const Option& option) {
    switch (option.values) {
        case Values::none:
            break;
        case Values::text:
            return " -x";
        case Values::words:
            return " -x -a " + in_quotes(joined(option.words));
        case Values::files:
            return " -r -F";
        case Values::folders:
            return " -x -a '(__fish_complete_directories)'";
    }
    return "";
}

std::string line(const Option& option, const std::string& beginning) {
    if (option.positional) {
        return option.values == Values::files ? beginning + " -F\n" : "";
    }
    std::string text = beginning;
    for (const std::string& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    return text + value(option) + " -d " + in_quotes(option.help) + '\n';
}

std::string lines(const Command& command, const std::string& program) {
    const std::string beginning = at(command, program);
    std::string text;
    for (const Command& each : command.commands) {
        text += beginning + " -a " + last_word(each) + " -d " + in_quotes(each.summary) + '\n';
    }
    for (const Option& option : command.options) text += line(option, beginning);
    text += beginning + " -s h -l help -d 'Print the common options'\n";
    return text + beginning + " -l help-all -d 'Print every option'\n";
}

constexpr const char* beginning = R"(
# Whether the command line begins with these commands and no other.
function __infinipot_at
    set -l found
    for word in (commandline -opc)[2..-1]
        set -a found $word
        switch "$found"
            case @commands@
            case '*'
                set -e found[-1]
                break
        end
    end
    test "$found" = "$argv"
end

complete -c infinipot -f
)";

}  // namespace

std::string fish_completion(const Command& program) {
    std::string known, text;
    for (const Command* each : all_commands(program)) {
        if (each != &program) known += (known.empty() ? "" : " ") + in_quotes(path_of(*each));
        text += lines(*each, program.name);
    }
    return "# fish completion of " + program.name + ", written by " + program.name +
           " --completion fish\n" +
           replaced(replaced(beginning, "@commands@", known), "infinipot", program.name) + text;
}

}  // namespace infinipot::usage
