#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace infinipot::models {

/// A program to run, without a shell.
struct ProcessCall {
    std::vector<std::string> words;             ///< program, looked up in $PATH, and arguments
    std::vector<std::string> environment = {};  ///< "NAME=VALUE" besides our own
    std::filesystem::path log;                  ///< file for what it writes to both streams
};

inline constexpr int status_not_found = 127;  ///< there is no such program

/// Runs a program to its end, with an empty standard input, and returns its exit status; 128 and
/// the signal's number if a signal ended it. `poll` is called many times a second. If it throws,
/// the program and its children are ended first.
/// @throws Error(file_error) if the system cannot start it.
int run_process(const ProcessCall& call, const std::function<void()>& poll);

}  // namespace infinipot::models
