#include "policy/option.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace infinipot::policies {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string printed(double number) { return print_value(static_cast<float>(number)); }

}  // namespace

bool Range::holds(double number) const {
    return number >= least && number <= most && (!odd || std::fmod(number, 2) == 1);
}

std::string Range::text(bool whole) const {
    std::string text = odd ? "an odd number" : whole ? "a whole number" : "a number";
    if (most < infinity) return text + " from " + printed(least) + " to " + printed(most);
    if (least > -infinity) text += " of at least " + printed(least);
    return text;
}

Range any_number() { return {-infinity, infinity}; }
Range at_least(double least) { return {least, infinity}; }
Range between(double least, double most) { return {least, most}; }
Range odd_number() { return {1, infinity, true}; }

std::string alternatives(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

std::optional<std::size_t> place_of(const std::string& text,
                                    const std::vector<std::string>& words) {
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) return {};
    return static_cast<std::size_t>(found - words.begin());
}

}  // namespace infinipot::policies
