#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "commands/commands.h"
#include "infinipot/policies.h"
#include "options/option_types.h"
#include "report/report.h"
#include "terminal/output.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t width = 100;

/// A label and its text, which goes on below itself where it is longer than the line.
std::string row(std::string label, const std::string& text) {
    constexpr std::size_t column = 28;
    label.resize(std::max(column - 4, label.size() + 1), ' ');
    std::string lines = "    " + label;
    std::size_t length = lines.size();
    std::istringstream words(text);
    for (std::string word, space; words >> word; space = " ") {
        if (length + space.size() + word.size() > width) {
            lines += '\n' + std::string(column, ' ');
            length = column;
            space.clear();
        }
        lines += space + word;
        length += space.size() + word.size();
    }
    return lines + '\n';
}

std::string describe(const PolicyInfo& info) {
    std::string text = bold(info.name, stdout) + '\n' + row("summary", info.summary);
    for (const PolicyOption& option : info.options)
        text += row(option.name + '=' + option.default_value,
                    option.help + " Takes " + option.values + '.');
    text += row("needs", info.needs) + row("costs", info.cost);
    text += row("entries leave", info.schedule) + row("positions", info.positions);
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

/// A section of docs/policies.md for each.
void print_markdown() {
    std::string text;
    for (const PolicyInfo& info : all_policies()) {
        text += "#### `" + info.name + "`\n\n" + info.summary + " Source: " + info.source +
                ".\n\n* entries leave: " + info.schedule + "; positions: " + info.positions +
                "; memory: " + (info.bounded ? "the KV cache's" : "grows with the text") +
                "\n* needs: " + info.needs + "\n* costs: " + info.cost + "\n";
        for (const PolicyOption& option : info.options) {
            text += "* `" + option.name + '=' + option.default_value + "`: " + option.help +
                    " Takes " + option.values + ".\n";
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
