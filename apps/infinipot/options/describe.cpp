#include "options/describe.h"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

namespace infinipot::cli {
namespace {

constexpr char page_break = '\f';  ///< separates the examples from the notes in a footer

std::string full_name(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    return (parent == nullptr ? "" : full_name(*parent) + " ") + app.get_name();
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

void add_values(const CLI::Option& from, usage::Option& to) {
    const std::string type = from.get_type_name();
    to.placeholder = from.get_positional() ? "" : from.get_option_text();
    if (from.get_items_expected_max() == 0) {
        to.values = usage::Values::none;
    } else if (type == file_values) {
        to.values = usage::Values::files;
    } else if (type == folder_values) {
        to.values = usage::Values::folders;
    } else if (type == text_values || type.empty()) {
        to.values = usage::Values::text;
    } else {
        to.values = usage::Values::words;
        to.words = split(type, '|');
    }
}

/// Adds the letter and the first word of an option; its other words are aliases.
void add_names(const CLI::Option& from, usage::Option& to) {
    to.positional = from.get_positional();
    if (to.positional) {
        const std::string& text = from.get_option_text();
        to.names = {text.empty() ? from.get_name(true) : text};
        return;
    }
    for (const std::string& letter : from.get_snames()) to.names.push_back('-' + letter);
    for (const std::string& word : from.get_lnames()) {
        (&word == &from.get_lnames().front() ? to.names : to.aliases).push_back("--" + word);
    }
}

void add_section(const CLI::Option& from, usage::Option& to) {
    std::string group = from.get_group();
    to.advanced = std::string_view(group).ends_with(advanced_suffix);
    if (to.advanced) group.resize(group.size() - std::string_view(advanced_suffix).size());
    to.section = to.positional ? "Arguments" : group;
}

usage::Option describe(const CLI::Option& from) {
    usage::Option to;
    add_names(from, to);
    add_values(from, to);
    add_section(from, to);
    to.help = from.get_description();
    to.repeats = from.get_expected_max() > 1;
    return to;
}

}  // namespace

void explain(CLI::App& app, const std::string& examples, const std::string& notes) {
    app.footer(examples + page_break + notes);
}

usage::Command describe(const CLI::App& app) {
    usage::Command command;
    command.name = full_name(app);
    command.summary = app.get_description();
    const std::string footer = app.get_footer();
    const std::size_t end = footer.find(page_break);
    command.examples = footer.substr(0, end);
    if (end != std::string::npos) command.notes = footer.substr(end + 1);
    for (const CLI::Option* option : app.get_options()) {
        const bool of_help = option == app.get_help_ptr() || option == app.get_help_all_ptr();
        if (!of_help && !option->get_group().empty()) command.options.push_back(describe(*option));
    }
    std::ranges::stable_partition(command.options, &usage::Option::positional);
    for (const CLI::App* each : app.get_subcommands({}))
        command.commands.push_back(describe(*each));
    return command;
}

}  // namespace infinipot::cli
