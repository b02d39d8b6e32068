#pragma once

#include <string>
#include <vector>

#include "infinipot/error.h"
#include "usage/command.h"

/// The exit statuses of the program.
namespace infinipot::cli {

constexpr int status_ok = 0;
constexpr int status_bug = 1;              ///< a defect of the program
constexpr int status_usage = 2;            ///< an option or argument is wrong
constexpr int status_closed_output = 141;  ///< the reader of the output is gone (128 + SIGPIPE)

constexpr int exit_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return status_usage;
        case ErrorCode::file_error:
            return 3;
        case ErrorCode::bad_model:
            return 4;
        case ErrorCode::unsupported_model:
            return 5;
        case ErrorCode::bad_text:
            return 6;
        case ErrorCode::does_not_fit:
            return 7;
        case ErrorCode::out_of_memory:
            return 8;
        case ErrorCode::bad_snapshot:
            return 9;
        case ErrorCode::interrupted:
            return 130;  // 128 + SIGINT, as shells do
    }
    return status_bug;
}

/// All exit statuses, for the reference and the manual page.
inline std::vector<usage::Entry> exit_statuses() {
    const auto entry = [](int status, const char* meaning) {
        return usage::Entry{std::to_string(status), meaning};
    };
    return {entry(status_ok, "The command did what it was asked."),
            entry(status_bug, "The program has a defect, or a check failed."),
            entry(exit_status(ErrorCode::invalid_argument), "An option or argument is wrong."),
            entry(exit_status(ErrorCode::file_error), "A file cannot be read or written."),
            entry(exit_status(ErrorCode::bad_model), "The model file is damaged."),
            entry(exit_status(ErrorCode::unsupported_model), "The model is not supported."),
            entry(exit_status(ErrorCode::bad_text), "The text is empty or not UTF-8."),
            entry(exit_status(ErrorCode::does_not_fit),
                  "The text, question or answer does not fit the memory that was allowed."),
            entry(exit_status(ErrorCode::out_of_memory), "The machine has too little memory."),
            entry(exit_status(ErrorCode::bad_snapshot),
                  "The snapshot is damaged, or of another model or version."),
            entry(exit_status(ErrorCode::interrupted), "Ctrl-C interrupted the command."),
            entry(status_closed_output, "The reader of the standard output closed it.")};
}

}  // namespace infinipot::cli
