#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "eval/pots/pot_files.h"
#include "infinipot/infinipot.h"
#include "options/describe.h"
#include "options/option_types.h"
#include "report/pot_report.h"
#include "report/report.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* examples = R"(Examples:
  infinipot pot ls
      lists the pots in this folder

  infinipot pot show book.pot
      shows what a pot holds and which texts it has read)";

constexpr const char* show_examples = R"(Examples:
  infinipot pot show book.pot
      shows its model and settings, how full it is, and its texts

  infinipot pot show --json book.pot letters.pot
      prints the same of two pots for programs)";

constexpr const char* verify_examples = R"(Examples:
  infinipot pot verify book.pot
      reads all of the pot and says whether it is whole)";

constexpr const char* ls_examples = R"(Examples:
  infinipot pot ls
      lists the pots in this folder

  infinipot pot ls --json ~/pots /srv/pots
      prints those of two folders for programs)";

constexpr const char* ls_notes =
    R"(Files that are no pots, or that cannot be opened, are left out. A pot is
listed as damaged if it cannot be read or belongs to another version. KV caches are not read: damage
in them is found by infinipot pot verify.)";

constexpr const char* fork_examples = R"(Examples:
  infinipot pot fork book.pot draft.pot
      makes a copy, in which a chat goes on without changing the first pot)";

constexpr const char* fork_notes =
    R"(The pot is verified before it is copied. The copy appears whole or not at
all, and never replaces a file: no option does that. Where the file system can, the two share their
blocks on the disk.)";

constexpr const char* rm_examples = R"(Examples:
  infinipot pot rm draft.pot
      removes a pot; any other file is refused)";

constexpr const char* rm_notes =
    R"(All names are examined before the first pot is removed. If one of them is no
pot, or is damaged and --force is not given, nothing is removed.)";

/// What the user gave to the commands.
struct Pots {
    std::vector<std::string> files;    // of show and verify
    std::vector<std::string> folders;  // of ls
    std::vector<std::string> removed;
    std::string source, copy;  // of fork
    bool json = false;
    bool force = false;
};

[[noreturn]] void refuse(const std::string& sentence, const std::string& command) {
    throw Error(ErrorCode::invalid_argument, sentence + "; see infinipot " + command + " --help");
}

void show(const Pots& pots) {
    if (pots.files.empty()) refuse("there is no pot to look at", "pot show");
    Json list = Json::array();
    for (const std::string& file : pots.files) {
        const SnapshotInfo info = read_snapshot_info(file);
        if (pots.json) {
            list.push_back(to_json(info));
        } else {
            print((pots.files.size() > 1 ? file + "\n" : "") + facts_of(info));
        }
    }
    if (pots.json) print(print_json(list));
}

void verify(const Pots& pots) {
    if (pots.files.empty()) refuse("there is no pot to look at", "pot verify");
    for (const std::string& file : pots.files) {
        verify_snapshot(file);
        print(file + " is whole\n");
    }
}

void list(const Pots& pots) {
    std::vector<eval::PotFile> all;
    for (const std::string& folder : pots.folders)
        std::ranges::move(eval::pots_in(folder), std::back_inserter(all));
    if (pots.folders.empty()) all = eval::pots_in(".");
    if (!pots.json && all.empty()) std::fputs("there are no pots\n", stderr);
    if (!pots.json) return print(table_of(all));
    Json list = Json::array();
    for (const eval::PotFile& pot : all) list.push_back(to_json(pot));
    print(print_json(list));
}

void fork(const Pots& pots) {
    if (pots.copy.empty()) refuse("there is no pot to copy, or no name for its copy", "pot fork");
    const InterruptGuard interrupts;
    eval::fork_pot(pots.source, pots.copy, [&] { interrupts.check(); });
}

void remove(const Pots& pots) {
    if (pots.removed.empty()) refuse("there is no pot to remove", "pot rm");
    eval::remove_pots(pots.removed, pots.force);
}

/// A command of `pot`.
using Action = std::pair<CLI::App*, void (*)(const Pots&)>;

void add_pots(CLI::App& app, std::vector<std::string>& files, const char* help) {
    app.add_option("POT", files, help)->type_name(file_values);
}

Action add_show(CLI::App& parent, Pots& pots) {
    CLI::App& app =
        *parent.add_subcommand("show", "Shows what pots hold and which texts they have read");
    explain(app, show_examples);
    add_pots(app, pots.files, "Pot to show");
    app.add_flag("--json", pots.json, "Print a JSON array");
    return {&app, show};
}

Action add_verify(CLI::App& parent, Pots& pots) {
    CLI::App& app = *parent.add_subcommand("verify", "Compares every checksum of pots");
    explain(app, verify_examples);
    add_pots(app, pots.files, "Pot to verify");
    return {&app, verify};
}

Action add_ls(CLI::App& parent, Pots& pots) {
    CLI::App& app = *parent.add_subcommand("ls", "Lists the pots in folders");
    explain(app, ls_examples, ls_notes);
    app.add_option("FOLDER", pots.folders, "Folder to list [the current one]")
        ->type_name(folder_values);
    app.add_flag("--json", pots.json, "Print a JSON array");
    return {&app, list};
}

Action add_fork(CLI::App& parent, Pots& pots) {
    CLI::App& app = *parent.add_subcommand("fork", "Copies a pot under another name");
    explain(app, fork_examples, fork_notes);
    app.add_option("POT", pots.source, "Pot to copy")->type_name(file_values);
    app.add_option("NEW", pots.copy, "Name of the copy; no such file may exist")
        ->type_name(file_values);
    return {&app, fork};
}

Action add_rm(CLI::App& parent, Pots& pots) {
    CLI::App& app = *parent.add_subcommand("rm", "Removes pots and nothing else");
    explain(app, rm_examples, rm_notes);
    add_pots(app, pots.removed, "Pot to remove");
    app.add_flag("--force", pots.force, "Remove damaged pots as well");
    return {&app, remove};
}

}  // namespace

Command add_pot(CLI::App& program) {
    CLI::App& app = *program.add_subcommand("pot", "Lists, shows, checks, copies and removes pots");
    const auto pots = std::make_shared<Pots>();
    const std::vector<Action> actions = {add_show(app, *pots), add_verify(app, *pots),
                                         add_ls(app, *pots), add_fork(app, *pots),
                                         add_rm(app, *pots)};
    explain(app, examples);  // set now, because commands would inherit it
    return {&app, [actions, pots] {
                for (const auto& [command, run] : actions)
                    if (command->parsed()) return run(*pots);
                refuse("pot wants a command: show, verify, ls, fork or rm", "pot");
            }};
}

}  // namespace infinipot::cli
