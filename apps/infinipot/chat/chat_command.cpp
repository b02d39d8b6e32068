#include "chat/chat_command.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/nearest.h"
#include "infinipot/error.h"

namespace infinipot::cli {
namespace {

struct Row {
    ChatCommand::Kind kind;
    std::string_view name;
    std::string_view argument;  ///< in capitals if it is needed, in brackets if it is not
    std::string_view help;
};

constexpr std::array rows = {
    Row{ChatCommand::read, "read", "FILE", "read a text, which the next message may ask about"},
    Row{ChatCommand::save, "save", "[FILE]", "save the chat as a pot, which goes on at any time"},
    Row{ChatCommand::fork, "fork", "FILE", "save the chat as another pot, and go on in this one"},
    Row{ChatCommand::undo, "undo", "", "take the last message and its answer back"},
    Row{ChatCommand::retry, "retry", "", "answer the last message again, with another seed"},
    Row{ChatCommand::system, "system", "[TEXT]",
        "show the system prompt, or set it before the first message"},
    Row{ChatCommand::stats, "stats", "", "show what was read, kept and generated"},
    Row{ChatCommand::kept, "kept", "", "show the text that is still in the pot"},
    Row{ChatCommand::help, "help", "", "show this list"},
    Row{ChatCommand::quit, "quit", "", "end the chat, as Ctrl-D does"},
};

std::string title(const Row& row) {
    std::string text = "/" + std::string(row.name);
    if (!row.argument.empty()) text += ' ' + std::string(row.argument);
    return text;
}

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

const Row& row_of(std::string_view name) {
    std::vector<std::string> names;
    for (const Row& row : rows) {
        if (row.name == name || (name == "exit" && row.kind == ChatCommand::quit)) return row;
        names.push_back(std::string(row.name));
    }
    const auto meant = nearest(std::string(name), names);
    refuse("there is no command /" + std::string(name) +
           (meant ? "; did you mean /" + *meant + "?" : "; /help lists them"));
}

}  // namespace

bool is_command(std::string_view message) {
    return message.starts_with('/') && !message.starts_with("//");
}

ChatCommand parse_command(std::string_view message) {
    const std::size_t end = std::min(message.find_first_of(" \t\n"), message.size());
    const Row& row = row_of(message.substr(1, end - 1));
    const std::size_t first = message.find_first_not_of(" \t\n", end);
    std::string argument(first == std::string_view::npos ? "" : message.substr(first));
    if (argument.empty() && !row.argument.empty() && row.argument.front() != '[')
        refuse("/" + std::string(row.name) + " wants a " + std::string(row.argument));
    if (!argument.empty() && row.argument.empty())
        refuse("/" + std::string(row.name) + " takes nothing, and not \"" + argument + '"');
    return {row.kind, std::move(argument)};
}

std::string command_help() {
    constexpr std::size_t width = 16;
    std::string text;
    for (const Row& row : rows) {
        std::string line = title(row);
        line.resize(std::max(width, line.size() + 2), ' ');
        text += line + std::string(row.help) + '\n';
    }
    return text + "A backslash at the end of a line goes on in the next one.\n";
}

}  // namespace infinipot::cli
