#pragma once

#include "usage/command.h"

/// A command line that has one option of each kind.
namespace infinipot::usage {

inline Command sample() {
    Command command = {.name = "pot ask", .summary = "Answers", .notes = "A note."};
    command.examples = "Example:\n  pot ask 'Who?'";
    command.options = {
        {.names = {"QUESTION"},
         .values = Values::text,
         .help = "What to answer",
         .section = "Arguments",
         .positional = true,
         .repeats = true},
        {.names = {"-c", "--capacity"},
         .aliases = {"--ctx-size"},
         .placeholder = "N",
         .values = Values::text,
         .help = "Most entries",
         .section = "Options"},
        {.names = {"-f", "--file"},
         .placeholder = "FILE",
         .values = Values::files,
         .help = "Text to read: it's [UTF-8]",
         .section = "Options",
         .repeats = true},
        {.names = {"--data"},
         .placeholder = "FOLDER",
         .values = Values::folders,
         .help = "Data",
         .section = "Options"},
        {.names = {"--kernels"},
         .placeholder = "WORD",
         .values = Values::words,
         .words = {"native", "ggml"},
         .help = "Kernels",
         .section = "Machine",
         .advanced = true},
        {.names = {"--json"}, .help = "Print JSON", .section = "Options"},
    };
    return command;
}

inline Command sample_program() {
    Command program = {.name = "pot", .summary = "Remembers"};
    program.commands = {sample(), {.name = "pot eval", .summary = "Measures"}};
    program.commands.back().commands = {{.name = "pot eval needle", .summary = "Hides facts"}};
    return program;
}

}  // namespace infinipot::usage
