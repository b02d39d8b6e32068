#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "commands/commands.h"
#include "infinipot/policies.h"
#include "report/report.h"
#include "terminal/output.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string row(std::string label, const std::string& text) {
    constexpr std::size_t width = 15;
    label.resize(std::max(width, label.size() + 1), ' ');
    return "    " + label + text + "\n";
}

std::string describe(const PolicyInfo& info) {
    std::string text = bold(info.name, stdout) + "\n";
    text += row("keeps", info.summary);
    for (const PolicyOption& option : info.options) {
        text += row(option.name + "=" + option.default_value, option.help);
    }
    text += row("needs", info.needs) + row("costs", info.cost);
    text += row("entries leave", info.schedule) + row("positions", info.positions);
    if (!info.bounded) text += row("memory", "grows with the text, all of which must fit");
    return text + row("source", info.source);
}

Json to_json(const PolicyInfo& info) {
    Json options = Json::array();
    for (const PolicyOption& option : info.options) {
        options.push_back(
            {{"name", option.name}, {"default", option.default_value}, {"help", option.help}});
    }
    return {{"name", info.name},           {"summary", info.summary}, {"options", options},
            {"needs", info.needs},         {"cost", info.cost},       {"schedule", info.schedule},
            {"positions", info.positions}, {"bounded", info.bounded}, {"source", info.source}};
}

void print_table() {
    std::string text;
    for (const PolicyInfo& info : all_policies()) text += describe(info) + "\n";
    print(text + "Use one with --policy NAME or --policy NAME:option=value,option=value\n");
}

/// A section of docs/policies.md for each.
void print_markdown() {
    std::string text;
    for (const PolicyInfo& info : all_policies()) {
        text += "#### `" + info.name + "`\n\nKeeps " + info.summary + ". Source: " + info.source +
                ".\n\n* entries leave: " + info.schedule + "; positions: " + info.positions +
                "; memory: " + (info.bounded ? "the pot's" : "grows with the text") +
                "\n* needs: " + info.needs + "; costs: " + info.cost + "\n";
        for (const PolicyOption& option : info.options) {
            text += "* `" + option.name + '=' + option.default_value + "`: " + option.help + "\n";
        }
        text += "\n";
    }
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
    app.add_flag("--json", *json, "Print a JSON array");
    app.add_flag("--markdown", *markdown, "Print the sections of docs/policies.md");
    return {&app, [json, markdown] {
                if (*json) return print_as_json();
                *markdown ? print_markdown() : print_table();
            }};
}

}  // namespace infinipot::cli
