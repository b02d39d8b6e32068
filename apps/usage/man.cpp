#include <cctype>
#include <sstream>

#include "usage/reference.h"

namespace infinipot::usage {
namespace {

/// Returns text escaped for troff, in which no line is a request.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const bool at_start = result.empty() || result.back() == '\n';
        if (at_start && (c == '.' || c == '\'')) result += "\\&";
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else if (c == '\'') {
            result += "\\(aq";
        } else {
            result += c;
        }
    }
    return result;
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }

std::string heading(const std::string& title) { return ".SH " + title + '\n'; }

/// Returns the lines unchanged, in a fixed font.
std::string verbatim(const std::string& text) {
    if (text.empty()) return "";
    return ".PP\n.nf\n" + escaped(text) + "\n.fi\n";
}

std::string label(const Option& option) {
    std::string text;
    for (const std::string& name : option.names) text += (text.empty() ? "" : ", ") + bold(name);
    for (const std::string& name : option.aliases) text += ", " + bold(name);
    if (option.repeats && option.positional) text += "...";
    return option.placeholder.empty() ? text
                                      : text + " \\fI" + escaped(option.placeholder) + "\\fR";
}

std::string options(const Command& command) {
    std::string text;
    for (const std::string& section : sections(command)) {
        text += ".PP\n" + escaped(section) + ":\n";
        for (const Option& option : command.options) {
            if (option.section != section) continue;
            text += ".TP\n" + label(option) + '\n' + escaped(option.help) + '\n';
        }
    }
    return text;
}

std::string part(const Command& command) {
    return ".SS \"" + escaped(synopsis(command)) + "\"\n" + escaped(command.summary) + "\n" +
           options(command) + verbatim(command.examples) + verbatim(command.notes);
}

std::string list(const std::string& title, const std::vector<Entry>& entries) {
    std::string text = heading(title);
    for (const Entry& entry : entries) {
        text += ".TP\n" + bold(entry.word) + '\n' + escaped(entry.meaning) + '\n';
    }
    return text;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

}  // namespace

std::string man_page(const Program& program) {
    const Command& main = program.command;
    std::string text = ".TH " + upper(main.name) + " 1 \"\" \"" + main.name + ' ' +
                       escaped(program.version) + "\" \"User Commands\"\n";
    text += heading("NAME") + main.name + " \\- " + escaped(main.summary) + '\n';
    text += heading("SYNOPSIS") + bold(main.name) +
            escaped(synopsis(main).substr(main.name.size())) + '\n';
    text += heading("OPTIONS") + options(main);
    text += ".PP\nEvery command has " + bold("-h") + ", " + bold("--help") +
            " for its common options, and " + bold("--help-all") + " for all of them.\n";
    text += heading("COMMANDS");
    for (const Command* each : all_commands(main)) {
        if (each != &main) text += part(*each);
    }
    text += list("EXIT STATUS", program.exit_statuses) + list("ENVIRONMENT", program.environment);
    return text + heading("EXAMPLES") + verbatim(main.examples);
}

}  // namespace infinipot::usage
