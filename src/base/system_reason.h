#pragma once

#include <string>

namespace infinipot {

/// Returns the system's message for a value of errno, spelt for the middle of a sentence.
std::string system_reason(int error_number);

}  // namespace infinipot
