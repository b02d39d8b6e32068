#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "commands/commands.h"
#include "infinipot/policies.h"
#include "options/option_types.h"
#include "report/report.h"
#include "terminal/output.h"
#include "terminal/terminal.h"
#include "usage/help.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string row(const std::string& label, const std::string& text) {
    return usage::row("    " + label, text);
}

std::string describe(const PolicyInfo& info) {
    std::string text = bold(info.name, stdout) + '\n' + row("summary", info.summary);
    for (const PolicyOption& option : info.options)
        text += row(option.name + '=' + option.default_value,
                    option.help + " Takes " + option.values + '.');
    text += row("needs", info.needs) + row("costs", info.cost);
    text += row("schedule", info.schedule) + row("positions", info.positions);
    if (!info.bounded) text += row("memory", "grows with the text, all of which must fit");
    return text + row("source", info.source);
}

const PolicyInfo& info_of(const std::string& name) {
    const std::string known = make_policy(name)->spec();  // refuses an unknown name
    return *std::ranges::find(all_policies(), known.substr(0, known.find(':')), &PolicyInfo::name);
}

Json to_json(const PolicyInfo& info) {
    Json options = Json::array();
    for (const PolicyOption& option : info.options) {
        options.push_back({{"name", option.name},
                           {"default", option.default_value},
                           {"values", option.values},
                           {"help", option.help}});
    }
    return {{"name", info.name},           {"summary", info.summary}, {"options", options},
            {"needs", info.needs},         {"cost", info.cost},       {"schedule", info.schedule},
            {"positions", info.positions}, {"bounded", info.bounded}, {"source", info.source}};
}

void print_table() {
    std::string text;
    for (const PolicyInfo& info : all_policies()) {
        std::string name = info.name;
        name.resize(20, ' ');
        text += bold(name, stdout) + info.summary + '\n';
    }
    print(text +
          "\nShow one with its options: infinipot policies NAME\n"
          "Use one: --policy NAME or --policy NAME:option=value,option=value\n");
}

/// Returns a paragraph of Markdown in lines of at most 100 columns, of which all but the first are
/// indented.
std::string paragraph(const std::string& text, const std::string& indent = "") {
    std::string lines;
    for (const std::string& line : usage::wrap(text, 100 - indent.size()))
        lines += (lines.empty() ? "" : indent) + line + '\n';
    return lines;
}

std::string item(const std::string& text) { return paragraph("* " + text, "  "); }

std::string markdown(const PolicyInfo& info) {
    std::string text = "#### `" + info.name + "`\n\n" +
                       paragraph(info.summary + " Source: " + info.source + '.') + '\n';
    text += item("schedule: " + info.schedule + "; positions: " + info.positions +
                 "; memory: " + (info.bounded ? "the KV cache's" : "grows with the text"));
    text += item("needs: " + info.needs) + item("costs: " + info.cost);
    for (const PolicyOption& option : info.options) {
        text += item('`' + option.name + '=' + option.default_value + "`: " + option.help +
                     " Takes " + option.values + '.');
    }
    return text;
}

/// Prints the sections of docs/policies.md that describe the policies.
void print_markdown() {
    std::string text;
    for (const PolicyInfo& info : all_policies()) text += markdown(info) + '\n';
    print(text);
}

void print_as_json() {
    Json list = Json::array();
    for (const PolicyInfo& info : all_policies()) list.push_back(to_json(info));
    print(print_json(list));
}

}  // namespace

Command add_policies(CLI::App& program) {
    const auto json = std::make_shared<bool>(false);
    const auto markdown = std::make_shared<bool>(false);
    CLI::App& app = *program.add_subcommand(
        "policies", "Lists the policies that decide which entries survive, and their options");
    const auto name = std::make_shared<std::string>();
    add_text(app, "name", *name, "NAME", "Show this policy whole");
    app.add_flag("--json", *json, "Print a JSON array");
    app.add_flag("--markdown", *markdown, "Print the sections of docs/policies.md")
        ->group(advanced("Options"));
    return {&app, [json, markdown, name] {
                if (*json) return print_as_json();
                if (!name->empty()) return print(describe(info_of(*name)));
                *markdown ? print_markdown() : print_table();
            }};
}

}  // namespace infinipot::cli
