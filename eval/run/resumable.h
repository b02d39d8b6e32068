#pragma once

#include <functional>
#include <string>

namespace infinipot::eval {

/// Calls `run`, an experiment that appends its results to the file `out`; an empty name means no
/// file.
/// @param so_far returns how far the experiment is, such as "3 of 27"
/// @throws Error(interrupted) with `so_far` and whether a new run can continue, if `run` throws it
/// @throws whatever else `run` throws
void run_resumably(const std::string& out, const std::function<void()>& run,
                   const std::function<std::string()>& so_far);

}  // namespace infinipot::eval
