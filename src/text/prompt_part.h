#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// A part of a rendered prompt. Control tokens are parsed in what the template wrote, and never in
/// what a message said.
struct PromptPart {
    std::string text;
    bool is_input = false;  ///< from a message

    bool operator==(const PromptPart&) const = default;
};

/// Returns the parts as one text.
std::string joined(std::span<const PromptPart> parts);

/// Appends a text, unless it is empty, to the last part if that has the same origin, or as a part.
void append(std::vector<PromptPart>& parts, std::string_view text, bool is_input);

}  // namespace infinipot
