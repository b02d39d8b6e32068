#pragma once

#include <vector>

#include "usage/command.h"

namespace infinipot::cli {

/// The environment variables of the program, for the reference and the manual page.
inline std::vector<usage::Entry> environment_variables() {
    return {
        {"INFINIPOT_CACHE", "Folder of models [$XDG_CACHE_HOME/infinipot or ~/.cache/infinipot]."},
        {"INFINIPOT_CPU", "Best kernels to use: plain, avx2, neon, avx512 or amx [avx512]."},
        {"NO_COLOR", "Set to anything, it turns colours off."},
        {"TERM", "dumb turns colours off."}};
}

}  // namespace infinipot::cli
