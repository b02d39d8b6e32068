#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "infinipot/session.h"

namespace infinipot::eval {

/// A token that is kept, and its text.
struct KeptPiece : KeptToken {
    bool after_gap = false;  ///< whether the position before is not among the pieces
    std::string text = {};   ///< whole characters of UTF-8; empty for control tokens
};

/// Returns the tokens that at least `least_share` of the heads keep. A character of several tokens
/// is the text of its last one; where not all of them are kept, U+FFFD stands for it.
/// @param bytes_of returns the bytes of a token, maybe a part of a character
std::vector<KeptPiece> kept_pieces(std::span<const KeptToken> kept,
                                   const std::function<std::string(Token)>& bytes_of,
                                   float least_share);

/// The same of what a session keeps.
std::vector<KeptPiece> kept_pieces(const Session& session, float least_share);

/// What stands in a text for the tokens between two pieces.
inline constexpr const char* gap_dots = " ... ";

/// Returns the pieces as a text that is safe to print on a terminal, with dots for the gaps.
std::string kept_text(std::span<const KeptPiece> pieces);

}  // namespace infinipot::eval
