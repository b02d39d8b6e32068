#pragma once

#include <string>
#include <vector>

/// A command line as data. Help, the man page, shell completions and the reference are written
/// from it.
namespace infinipot::usage {

/// How a shell completes a value.
enum class Values {
    none,     ///< a flag has no value
    text,     ///< not at all: numbers, questions
    words,    ///< from Option::words
    files,    ///< from the names of files
    folders,  ///< from the names of folders
};

struct Option {
    std::vector<std::string> names = {};  ///< as help shows them: "-c", "--capacity"; or "QUESTION"
    std::vector<std::string> aliases = {};  ///< accepted too: "--ctx-size"
    std::string placeholder = {};           ///< of its value: "N"; empty for flags and positionals
    Values values = Values::none;
    std::vector<std::string> words = {};  ///< for Values::words
    std::string help = {};                ///< one sentence
    std::string section = {};             ///< its heading in help
    bool advanced = false;                ///< shown by --help-all alone
    bool positional = false;
    bool repeats = false;  ///< may be given several times
};

struct Command {
    std::string name = {};  ///< with the words before it: "infinipot eval needle"
    std::string summary = {};
    std::string examples = {};         ///< shown by --help; may be empty
    std::string notes = {};            ///< shown by --help-all alone; may be empty
    std::vector<Option> options = {};  ///< without --help and --help-all, which every command has
    std::vector<Command> commands = {};
};

/// A word that a table explains, such as an environment variable.
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

/// The last word of a command's name: "needle".
std::string last_word(const Command& command);

/// The command and all that are in it, each before those in it.
std::vector<const Command*> all_commands(const Command& command);

/// The headings of its options in the order of their first options.
std::vector<std::string> sections(const Command& command);

/// "infinipot ask [OPTIONS] QUESTION..."
std::string synopsis(const Command& command);

}  // namespace infinipot::usage
