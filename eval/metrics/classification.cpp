#include "eval/metrics/classification.h"

#include <algorithm>
#include <vector>

namespace infinipot::eval {
namespace {

bool occurs(std::string_view part, std::string_view text) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

double classification(std::string_view prediction, std::string_view answer,
                      std::span<const std::string> all_classes) {
    std::vector<std::string_view> found;
    for (const std::string& name : all_classes) {
        if (occurs(name, prediction)) found.push_back(name);
    }
    // Python's `for name in found: ... found.remove(name)`: the loop counts on over a shorter list.
    for (std::size_t i = 0; i < found.size(); ++i) {
        const std::string_view name = found[i];
        if (name != answer && occurs(name, answer)) found.erase(std::ranges::find(found, name));
    }
    if (std::ranges::find(found, answer) == found.end()) return 0;
    return 1.0 / static_cast<double>(found.size());
}

}  // namespace infinipot::eval
