#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "commands/commands.h"
#include "exit_status.h"
#include "infinipot/error.h"
#include "options/describe.h"
#include "options/environment.h"
#include "options/old_options.h"
#include "terminal/output.h"
#include "terminal/terminal.h"
#include "usage/completion.h"
#include "usage/help.h"
#include "usage/reference.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot ask --file book.txt "Who is the narrator?"
      reads a book in fixed memory and answers a question about it

  infinipot ask --help
      explains the common options of a command)";

/// Hidden options of the program, which print texts about it.
struct Texts {
    std::string completion;  ///< the shell; empty: none
    bool man = false;
    bool markdown = false;
};

/// Returns the command that the user chose; the program itself if there is none.
const CLI::App& chosen_command(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app : chosen_command(*chosen.front());
}

/// Returns a name such as "infinipot eval passkey".
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
        if (option->get_group().empty()) continue;
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

/// Refuses unknown arguments. This comes before the check for missing ones, because an unknown
/// argument is probably a misspelt one.
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
    // Checks two letters, to leave names in capitals alone.
    if (sentence.size() > 1 && std::islower(static_cast<unsigned char>(sentence[1])) != 0) {
        sentence[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence[0])));
    }
    return sentence;
}

std::string sentence_of(const CLI::ParseError& error) {
    const std::string sentence = error.what();
    const std::size_t end_of_name = sentence.find(": At Most 1 required");
    if (end_of_name == std::string::npos) return lower_first(sentence);
    return sentence.substr(0, end_of_name) + " is given more than once";
}

std::vector<std::string> arguments_of(int argc, char** argv) {
    std::vector<std::string> arguments =
        with_todays_options({argv + std::min(argc, 1), argv + argc});
    std::ranges::replace(arguments, "-hf", "--hf-repo");  // as llama.cpp spells it
    std::ranges::reverse(arguments);                      // CLI11 expects them in reverse
    return arguments;
}

/// Returns whether a command is to run, which is false after --help and --version.
bool parse(CLI::App& program, int argc, char** argv) {
    try {
        program.parse(arguments_of(argc, argv));
    } catch (const CLI::CallForHelp&) {
        print(usage::help(describe(chosen_command(program)), usage::Detail::basic));
        return false;
    } catch (const CLI::CallForAllHelp&) {
        print(usage::whole_help(describe(chosen_command(program))));
        return false;
    } catch (const CLI::CallForVersion& version) {
        print(std::string(version.what()) + "\n");
        return false;
    } catch (const CLI::ParseError& error) {
        refuse_usage(chosen_command(program), sentence_of(error));
    }
    refuse_unknown(program);
    return true;
}

void add_texts(CLI::App& program, Texts& texts) {
    program.add_option("--completion", texts.completion)->group("");
    program.add_flag("--man", texts.man)->group("");
    program.add_flag("--markdown", texts.markdown)->group("");
}

std::string completion(const usage::Command& program, const std::string& shell) {
    if (shell == "bash") return usage::bash_completion(program);
    if (shell == "zsh") return usage::zsh_completion(program);
    if (shell == "fish") return usage::fish_completion(program);
    throw Error(ErrorCode::invalid_argument,
                "--completion wants bash, zsh or fish, not \"" + shell + '"');
}

/// Prints the text that was asked for, and returns whether there was one.
bool print_asked(const Texts& texts, const CLI::App& app) {
    const usage::Program program = {describe(app), INFINIPOT_VERSION, exit_statuses(),
                                    environment_variables()};
    if (!texts.completion.empty()) {
        print(completion(program.command, texts.completion));
    } else if (texts.man) {
        print(usage::man_page(program));
    } else if (texts.markdown) {
        print(usage::markdown(program));
    } else {
        return false;
    }
    return true;
}

void run(int argc, char** argv) {
    CLI::App program("Answers questions about texts of any length in fixed memory", "infinipot");
    program.set_version_flag("--version", "infinipot " INFINIPOT_VERSION, "Print the version");
    program.set_help_all_flag("--help-all", "Print every option");
    program.require_subcommand(0, 1);  // 0: refused below; 2 would eat a question
    Texts texts;
    add_texts(program, texts);
    const std::vector<Command> commands = {
        add_ask(program),       add_chat(program),   add_ingest(program), add_pot(program),
        add_inspect(program),   add_bench(program),  add_eval(program),   add_devices(program),
        add_policies(program),  add_models(program), add_pull(program),   add_remove(program),
        add_requantize(program)};
    explain(program, examples);  // set now, because commands would inherit it
    allow_extras(program);

    if (!parse(program, argc, argv)) return;
    for (const Command& command : commands) {
        if (command.app->parsed()) return command.run();
    }
    if (print_asked(texts, program)) return;
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
    std::signal(SIGXFSZ,
                SIG_IGN);  // a file that grows beyond `ulimit -f` is an error like a full disk
    return infinipot::cli::status_of_run(argc, argv);
}
