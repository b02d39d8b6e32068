#pragma once

#include <cstdint>
#include <string>

/// Quantities in words for people.
namespace infinipot::eval {

std::string count_text(std::uint64_t count);                               ///< "1,234,567"
std::string count_text(std::uint64_t count, const std::string& singular);  ///< "1 token"
std::string seconds_text(double seconds);             ///< "0.61 s", "3:05", "1:02:03"
std::string rate_text(double count, double seconds);  ///< "183 tokens/s", "9.3 tokens/s"

/// Returns count / seconds; 0 if seconds is 0.
double rate(double count, double seconds);

}  // namespace infinipot::eval
