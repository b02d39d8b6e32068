#pragma once

#include <functional>
#include <string>

namespace infinipot::eval {

/// Runs an experiment that appends its results to the file `out`, if that is not empty.
/// @param so_far how far the experiment came, such as "3 of 27"
/// @throws Error(interrupted) that says how far it came and whether it can go on from there
/// @throws what `run` throws otherwise
void run_resumably(const std::string& out, const std::function<void()>& run,
                   const std::function<std::string()>& so_far);

}  // namespace infinipot::eval
