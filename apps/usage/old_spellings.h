#pragma once

#include <string>
#include <vector>

namespace infinipot::usage {

/// An option that has another name since the last release.
struct OldSpelling {
    std::string command;  ///< without the program's name: "eval needle"; "eval" means all in it
    std::string before;   ///< "--keys", or "--preset=paper" for one value of an option
    std::string now;      ///< "--items"; or the option with its value: "--end=retain"
};

/// The arguments with every old spelling replaced. "--option value" and "--option=value" are both
/// understood; what follows "--" is left alone.
std::vector<std::string> modern(const std::vector<std::string>& arguments,
                                const std::vector<OldSpelling>& spellings);

}  // namespace infinipot::usage
