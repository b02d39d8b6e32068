#pragma once

#include <string>
#include <vector>

namespace infinipot::usage {

/// An option that was renamed since the last release.
struct OldSpelling {
    std::string command;  ///< without the program: "eval needle"; "eval": all in it
    std::string before;   ///< "--keys", or "--preset=paper" for one value of an option
    std::string now;      ///< "--items"; or the option with its value: "--end=retain"
};

/// Returns the arguments with every old spelling replaced. Understands both "--option value" and
/// "--option=value", and leaves everything behind "--" alone.
std::vector<std::string> modern(const std::vector<std::string>& arguments,
                                const std::vector<OldSpelling>& spellings);

}  // namespace infinipot::usage
