#pragma once

#include <span>
#include <string_view>

namespace infinipot::eval {

/// A catalyst prompt with a name.
struct Catalyst {
    std::string_view name;
    std::string_view text;
};

/// Returns the five named catalyst prompts: the general one (CaP-G), two variants of it, and two
/// for comparison that do not serve the purpose. Source: InfiniPot Table 2, which gives no
/// wordings; these are our own.
std::span<const Catalyst> catalysts();

}  // namespace infinipot::eval
