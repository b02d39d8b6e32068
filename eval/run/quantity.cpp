#include "eval/run/quantity.h"

#include <array>
#include <cstddef>
#include <cstdio>

namespace infinipot::eval {
namespace {

template <typename... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

}  // namespace

std::string count_text(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
    return digits;
}

std::string count_text(std::uint64_t count, const std::string& singular) {
    return count_text(count) + ' ' + singular + (count == 1 ? "" : "s");
}

std::string seconds_text(double seconds) {
    if (seconds < 60) return formatted("%.*f s", seconds < 10 ? 2 : 1, seconds);
    const auto whole = static_cast<long long>(seconds);
    if (whole < 3600) return formatted("%lld:%02lld", whole / 60, whole % 60);
    return formatted("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string rate_text(double count, double seconds) {
    const double per_second = rate(count, seconds);
    return formatted("%.*f tokens/s", per_second < 99.95 ? 1 : 0, per_second);
}

double rate(double count, double seconds) { return seconds > 0 ? count / seconds : 0; }

}  // namespace infinipot::eval
