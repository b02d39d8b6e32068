#include "usage/help.h"

#include <algorithm>
#include <sstream>

namespace infinipot::usage {
namespace {

constexpr std::size_t width = 100;
constexpr std::size_t help_column = 28;

bool is_letter(const std::string& name) { return name.size() == 2; }

/// Returns a label such as "-c, --capacity N", with room for a letter if there is none.
std::string label(const Option& option) {
    std::string text;
    for (const std::string& name : option.names) text += (text.empty() ? "" : ", ") + name;
    if (option.positional) return "  " + text + (option.repeats ? "..." : "");
    if (!is_letter(option.names.front())) text = "    " + text;
    return "  " + text + (option.placeholder.empty() ? "" : " " + option.placeholder);
}

std::string explanation(const Option& option, Detail detail) {
    std::string text = option.help;
    if (detail == Detail::basic) return text;
    for (const std::string& alias : option.aliases) text += " (also " + alias + ")";
    return text;
}

/// Returns the options below one heading; nothing if `detail` leaves all of them out.
std::string section(const Command& command, const std::string& heading, Detail detail) {
    std::string rows;
    for (const Option& option : command.options) {
        const bool shown = detail == Detail::all || !option.advanced;
        if (option.section == heading && shown) {
            rows += row(label(option), explanation(option, detail));
        }
    }
    return rows.empty() ? "" : "\n" + heading + ":\n" + rows;
}

std::string list_of(const std::vector<Command>& commands) {
    if (commands.empty()) return "";
    std::string text = "\nCommands:\n";
    for (const Command& each : commands) text += row("  " + last_word(each), each.summary);
    return text;
}

std::string paragraph(const std::string& text) { return text.empty() ? "" : "\n" + text + "\n"; }

bool has_more(const Command& command) {
    const auto advanced = [](const Option& option) {
        return option.advanced || !option.aliases.empty();
    };
    return !command.notes.empty() || !command.commands.empty() ||
           std::ranges::any_of(command.options, advanced);
}

}  // namespace

std::vector<std::string> wrap(const std::string& text, std::size_t line_width) {
    std::vector<std::string> lines;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (lines.empty() || lines.back().size() + 1 + word.size() > line_width) {
            lines.push_back(word);
        } else {
            lines.back() += ' ' + word;
        }
    }
    return lines;
}

std::string row(std::string label, const std::string& explanation) {
    std::string text;
    if (label.size() + 2 > help_column) {
        text = label + '\n';
        label.clear();
    }
    for (const std::string& line : wrap(explanation, width - help_column)) {
        label.resize(help_column, ' ');
        text += label + line + '\n';
        label.clear();
    }
    return text;
}

std::string help(const Command& command, Detail detail) {
    std::string text = command.summary + "\n\nUsage: " + synopsis(command) + "\n";
    text += list_of(command.commands);
    for (const std::string& heading : sections(command)) text += section(command, heading, detail);
    text += paragraph(command.examples);
    if (detail == Detail::all) return text + paragraph(command.notes);
    return text + (has_more(command) ? "\n--help-all lists every option.\n" : "");
}

std::string whole_help(const Command& command) {
    std::string text;
    for (const Command* each : all_commands(command)) {
        text += (text.empty() ? "" : "\n\n") + help(*each, Detail::all);
    }
    return text;
}

}  // namespace infinipot::usage
