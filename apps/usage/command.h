#pragma once

#include <string>
#include <vector>

/// A command line as data. Help, the manual page, shell completions and the reference are generated
/// from it.
namespace infinipot::usage {

/// The kind of a value, which decides how a shell completes it.
enum class Values {
    none,     ///< a flag has no value
    text,     ///< numbers, questions: not completed
    words,    ///< completed from Option::words
    files,    ///< completed from the names of files
    folders,  ///< completed from the names of folders
};

struct Option {
    std::vector<std::string> names = {};  ///< as help shows them: "-c", "--capacity"; or "QUESTION"
    std::vector<std::string> aliases = {};  ///< other accepted names: "--ctx-size"
    std::string placeholder = {};           ///< its value: "N"; empty for flags and positionals
    Values values = Values::none;
    std::vector<std::string> words = {};  ///< for Values::words
    std::string help = {};                ///< one sentence
    std::string section = {};             ///< its heading in help
    bool advanced = false;                ///< shown by --help-all alone
    bool positional = false;
    bool repeats = false;  ///< may be given several times
};

struct Command {
    std::string name = {};  ///< full name: "infinipot eval needle"
    std::string summary = {};
    std::string examples = {};         ///< shown by --help; may be empty
    std::string notes = {};            ///< shown by --help-all alone; may be empty
    std::vector<Option> options = {};  ///< without --help and --help-all, which every command has
    std::vector<Command> commands = {};
};

/// A row of a table of words, such as an environment variable and its meaning.
struct Entry {
    std::string word = {};
    std::string meaning = {};
};

struct Program {
    Command command = {};
    std::string version = {};
    std::vector<Entry> exit_statuses = {};
    std::vector<Entry> environment = {};
};

/// Returns the last word of a command's name: "needle".
std::string last_word(const Command& command);

/// Returns the command and all commands below it, parents first.
std::vector<const Command*> all_commands(const Command& command);

/// Returns the headings of its options, in the order of their first options.
std::vector<std::string> sections(const Command& command);

/// Returns a line such as "infinipot ask [OPTIONS] QUESTION...".
std::string synopsis(const Command& command);

}  // namespace infinipot::usage
