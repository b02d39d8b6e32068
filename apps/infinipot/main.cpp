#include <CLI/CLI.hpp>
#include <cctype>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "commands/commands.h"
#include "exit_status.h"
#include "infinipot/error.h"
#include "terminal/output.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Example:
  infinipot ask --file book.txt "Who is the narrator?"

'infinipot ask --help' explains every option; 'infinipot policies' lists what can be remembered.)";

class HelpFormat final : public CLI::Formatter {
   public:
    HelpFormat() { column_width(26); }

    std::string make_option_usage(const CLI::Option* option) const override {
        const bool several = option->get_expected_max() > 1;
        return make_option_name(option, true) + (several ? "..." : "");
    }

    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override {
        const std::string help = Formatter::make_help(app, std::move(name), mode);
        return CLI::detail::find_and_replace(help, "\n\n\n", "\n\n");
    }
};

/// The command that was chosen, the program itself if none was.
const CLI::App& chosen_command(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app : chosen_command(*chosen.front());
}

/// "infinipot eval passkey"
std::string full_name(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    return (parent == nullptr ? "" : full_name(*parent) + " ") + app.get_name();
}

[[noreturn]] void refuse_usage(const CLI::App& app, const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence + "; see " + full_name(app) + " --help");
}

[[noreturn]] void refuse_word(const CLI::App& app, const std::string& sentence,
                              const std::string& word, const std::vector<std::string>& known) {
    const auto meant = nearest(word, known);
    if (!meant) refuse_usage(app, sentence);
    throw Error(ErrorCode::invalid_argument, sentence + "; did you mean " + *meant + "?");
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) {
        names.push_back(command->get_name());
    }
    return names;
}

/// Before what is missing, what is there and unknown: it is likely to be the missing, misspelt.
void refuse_unknown(const CLI::App& app) {
    if (const auto unknown = app.remaining(); !unknown.empty()) {
        const std::string word = unknown.front().substr(0, unknown.front().find('='));
        const auto commands = command_names(app);
        if (word.starts_with('-')) {
            refuse_word(app, "there is no option " + word, word, option_names(app));
        }
        if (commands.empty()) refuse_usage(app, '"' + word + "\" is one argument too many");
        refuse_word(app, "there is no command \"" + word + '"', word, commands);
    }
    for (const CLI::App* command : app.get_subcommands()) refuse_unknown(*command);
}

void allow_extras(CLI::App& app) {
    app.allow_extras();
    for (CLI::App* command : app.get_subcommands({})) allow_extras(*command);
}

std::string lower_first(std::string sentence) {
    // The first two letters, so that names in capitals stay
    if (sentence.size() > 1 && std::islower(static_cast<unsigned char>(sentence[1])) != 0) {
        sentence[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence[0])));
    }
    return sentence;
}

/// Whether there is something left to do: not after --help and --version.
bool parse(CLI::App& program, int argc, char** argv) {
    try {
        program.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        print(program.help());
        return false;
    } catch (const CLI::CallForVersion& version) {
        print(std::string(version.what()) + "\n");
        return false;
    } catch (const CLI::ParseError& error) {
        refuse_usage(chosen_command(program), lower_first(error.what()));
    }
    refuse_unknown(program);
    return true;
}

void run(int argc, char** argv) {
    CLI::App program("Answers questions about texts of any length in fixed memory.", "infinipot");
    program.set_version_flag("--version", "infinipot " INFINIPOT_VERSION, "Print the version");
    program.formatter(std::make_shared<HelpFormat>());
    program.require_subcommand(0, 1);  // none is refused below; two would eat a question
    const std::vector<Command> commands = {
        add_ask(program),     add_bench(program),    add_eval(program),      add_inspect(program),
        add_devices(program), add_policies(program), add_requantize(program)};
    program.footer(examples);  // now, or the commands would have it too
    allow_extras(program);

    if (!parse(program, argc, argv)) return;
    for (const Command& command : commands) {
        if (command.app->parsed()) return command.run();
    }
    refuse_usage(program, "there is nothing to do without a command, such as ask");
}

int status_of_run(int argc, char** argv) {
    try {
        run(argc, argv);
        return status_ok;
    } catch (const Error& error) {
        complain(error.what());
        return exit_status(error.code());
    } catch (const ClosedOutput&) {
        return status_closed_output;
    } catch (const std::bad_alloc&) {
        complain("the machine has not got the memory that this needs");
        return exit_status(ErrorCode::out_of_memory);
    } catch (const std::exception& error) {
        complain(std::string("this is a bug, please report it: ") + error.what());
        return status_bug;
    }
}

}  // namespace
}  // namespace infinipot::cli

int main(int argc, char** argv) {
    infinipot::cli::open_closed_streams();
    return infinipot::cli::status_of_run(argc, argv);
}
