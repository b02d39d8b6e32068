#include "usage/help.h"
#include "usage/reference.h"

namespace infinipot::usage {
namespace {

std::string link_to(const Command& command) {
    std::string anchor = command.name;
    for (char& c : anchor) {
        if (c == ' ') c = '-';
    }
    return "* [`" + command.name + "`](#" + anchor + ")\n";
}

std::string table(const std::string& heading, const std::string& column,
                  const std::vector<Entry>& entries) {
    std::string text = "\n## " + heading + "\n\n| " + column + " | meaning |\n|---|---|\n";
    for (const Entry& entry : entries) text += "| `" + entry.word + "` | " + entry.meaning + " |\n";
    return text;
}

}  // namespace

std::string markdown(const Program& program) {
    std::string text =
        "# Command line\n\n"
        "`scripts/cli-docs` writes this page from what `--help-all` prints; edit the program, not "
        "the\npage.\n\n";
    const auto commands = all_commands(program.command);
    for (const Command* each : commands) text += link_to(*each);
    for (const Command* each : commands) {
        text += "\n## " + each->name + "\n\n```text\n" + help(*each, Detail::all) + "```\n";
    }
    return text + table("Exit statuses", "status", program.exit_statuses) +
           table("Environment variables", "variable", program.environment);
}

}  // namespace infinipot::usage
