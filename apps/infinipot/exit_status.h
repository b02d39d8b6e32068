#pragma once

#include "infinipot/error.h"

/// What the program's exit status means. README lists the same table.
namespace infinipot::cli {

constexpr int status_ok = 0;
constexpr int status_bug = 1;              ///< something of ours went wrong
constexpr int status_usage = 2;            ///< an option or argument makes no sense
constexpr int status_closed_output = 141;  ///< whoever read our output went away (128 + SIGPIPE)

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
        case ErrorCode::interrupted:
            return 130;  // 128 + SIGINT, as shells do
    }
    return status_bug;
}

}  // namespace infinipot::cli
