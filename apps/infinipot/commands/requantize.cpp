#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/byte_size.h"
#include "base/word_list.h"
#include "commands/commands.h"
#include "infinipot/error.h"
#include "infinipot/model.h"
#include "infinipot/quantize.h"
#include "models/library.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"
#include "terminal/interrupt.h"

namespace infinipot::cli {
namespace {

namespace fs = std::filesystem;

struct Requantize {
    std::string input;
    std::string output;
    std::string type = "q8_0";
    int n_threads = 0;
};

void check(const Requantize& command) {
    if (!command.output.empty()) return;
    throw Error(ErrorCode::invalid_argument,
                "requantize wants two files, IN and OUT; see infinipot requantize --help");
}

void run(const Requantize& command) {
    check(command);
    const auto input = models::ModelLibrary::of().resolve(command.input);
    {
        const DeleteOnInterrupt unfinished(command.output + ".partial");  // where it is written
        requantize(input, command.output, command.type, command.n_threads);
    }
    std::error_code ignored;
    std::fprintf(stderr, "wrote %s, %s\n", command.output.c_str(),
                 format_byte_size(fs::file_size(command.output, ignored)).c_str());
}

}  // namespace

Command add_requantize(CLI::App& program) {
    const auto command = std::make_shared<Requantize>();
    CLI::App& app = *program.add_subcommand(
        "requantize", "Writes a model with its weights in another type, such as q8_0 or q4_0");
    explain(app, "Example:\n  infinipot requantize model-f16.gguf model-q8_0.gguf --type q8_0");
    app.add_option("IN", command->input,
                   "GGUF file to read, or a name that 'infinipot models' lists")
        ->type_name(file_values);
    app.add_option("OUT", command->output, "GGUF file to write; it appears when it is complete")
        ->type_name(file_values);
    const std::vector<std::string_view> types = weight_types();
    CLI::Option* type = add_text(app, "--type", command->type, "TYPE",
                                 "Type of the weights: " + one_of(types) + " [q8_0]");
    suggest(*type, {types.begin(), types.end()});
    add_count(app, names::threads, command->n_threads, 1, "Threads [one per core]");
    return {&app, [command] { run(*command); }};
}

}  // namespace infinipot::cli
