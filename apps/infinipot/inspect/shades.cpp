#include "inspect/shades.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace infinipot::cli {
namespace {

constexpr const char* plain = "\x1b[0m";

/// Black on paler or stronger yellow, which is legible on dark and light terminals. A token that no
/// head keeps is grey.
constexpr std::array shades = {"\x1b[38;5;245m",         "\x1b[38;5;16;48;5;230m",
                               "\x1b[38;5;16;48;5;229m", "\x1b[38;5;16;48;5;227m",
                               "\x1b[38;5;16;48;5;220m", "\x1b[38;5;16;48;5;208m"};

const char* shade_of(double share) {
    return shades[static_cast<std::size_t>(std::ceil(share * (shades.size() - 1)))];
}

}  // namespace

/// Colours each line separately, because the background would else reach the edge of the terminal.
std::string shaded(std::string_view piece, double share) {
    std::string text;
    for (std::size_t from = 0; from <= piece.size();) {
        const std::size_t to = std::min(piece.find('\n', from), piece.size());
        if (to > from) text += shade_of(share) + std::string(piece.substr(from, to - from)) + plain;
        if (to < piece.size()) text += '\n';
        from = to + 1;
    }
    return text;
}

std::string legend_of_shades(std::size_t first) {
    std::string text = "held by ";
    for (std::size_t i = first; i < shades.size(); ++i) {
        const auto most = 100 * i / (shades.size() - 1);
        const std::string name = i == 0 ? "none" : "to " + std::to_string(most) + "%";
        text += std::string(shades[i]) + ' ' + name + ' ' + plain;
    }
    return text + " of all heads";
}

}  // namespace infinipot::cli
