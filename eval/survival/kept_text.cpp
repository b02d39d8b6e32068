#include "eval/survival/kept_text.h"

#include <cstddef>
#include <utility>

#include "base/printable.h"
#include "base/utf8.h"

namespace infinipot::eval {
namespace {

/// Puts what a gap has left of a character at the end of the last piece.
void end_run(std::string& pending, std::vector<KeptPiece>& pieces) {
    if (!pending.empty()) pieces.back().text += replace_ill_formed_utf8(pending);
    pending.clear();
}

}  // namespace

std::vector<KeptPiece> kept_pieces(std::span<const KeptToken> kept,
                                   const std::function<std::string(Token)>& bytes_of,
                                   float least_share) {
    std::vector<KeptPiece> pieces;
    std::string pending;
    std::int64_t next = 0;
    for (const KeptToken& token : kept) {
        if (token.share < least_share) continue;
        const bool after_gap = token.position != next;
        if (after_gap) end_run(pending, pieces);
        pending += bytes_of(token.token);
        const std::size_t n_whole = utf8_complete_prefix(pending);
        pieces.push_back({token, after_gap, replace_ill_formed_utf8(pending.substr(0, n_whole))});
        pending.erase(0, n_whole);
        next = token.position + 1;
    }
    end_run(pending, pieces);
    return pieces;
}

std::vector<KeptPiece> kept_pieces(const Session& session, float least_share) {
    const Model& model = session.model();
    return kept_pieces(
        session.kept(), [&](Token token) { return model.piece(token); }, least_share);
}

std::string kept_text(std::span<const KeptPiece> pieces) {
    std::string text;
    for (const KeptPiece& piece : pieces)
        text += (piece.after_gap ? gap_dots : "") + printable(piece.text);
    return text;
}

}  // namespace infinipot::eval
