#include "inspect/kept.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/printable.h"
#include "eval/run/quantity.h"
#include "inspect/shades.h"
#include "report/pot_report.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr float half = 0.5f;

std::string shaded_text(const KeptInspection& kept) {
    std::string text = legend_of_shades(1) + "; dots: evicted\n\n";
    for (const eval::KeptPiece& piece : kept.pieces) {
        if (piece.after_gap) text += eval::gap_dots;
        text += shaded(printable(piece.text), static_cast<double>(piece.share));
    }
    return text;
}

/// Returns the tokens that half of the heads keep, as a text.
std::string plain_text(const KeptInspection& kept) {
    std::vector<eval::KeptPiece> pieces;
    for (const eval::KeptPiece& piece : kept.pieces) {
        if (piece.share < half) continue;
        pieces.push_back(piece);
        const std::size_t n = pieces.size();
        pieces.back().after_gap = piece.position != (n > 1 ? pieces[n - 2].position + 1 : 0);
    }
    return eval::kept_text(pieces);
}

std::string totals(const KeptInspection& kept) {
    const auto n_of = [&](float share) {
        const auto n = std::ranges::count_if(
            kept.pieces, [&](const eval::KeptPiece& piece) { return piece.share >= share; });
        return eval::count_text(static_cast<std::uint64_t>(n));
    };
    const auto n_heads = static_cast<std::uint64_t>(kept.n_layer * kept.n_head_kv);
    return "keeps      " + n_of(0) + " tokens in any of " + eval::count_text(n_heads, "head") +
           ", " + n_of(half) + " in half of them, " + n_of(1) + " in all\n";
}

/// Returns the share as the quotient of two whole numbers: 1/3, not 0.33333334.
double exact_share(float share, int n_heads) {
    return std::round(static_cast<double>(share) * n_heads) / n_heads;
}

}  // namespace

std::string for_people(const KeptInspection& kept, bool shades) {
    std::string text = shades ? shaded_text(kept) : plain_text(kept);
    if (!text.ends_with('\n')) text += '\n';
    return text + "\n" + facts_of(kept.info) + totals(kept);
}

Json to_json(const KeptInspection& kept) {
    Json json = {{"version", INFINIPOT_VERSION}, {"pot", kept.pot}};
    json.update(to_json(kept.info));
    json["n_layer"] = kept.n_layer;
    json["n_head_kv"] = kept.n_head_kv;
    Json& tokens = json["tokens"] = Json::array();
    for (const eval::KeptPiece& piece : kept.pieces) {
        tokens.push_back({{"position", piece.position},
                          {"id", piece.token},
                          {"piece", piece.text},
                          {"share", exact_share(piece.share, kept.n_layer * kept.n_head_kv)}});
    }
    return json;
}

}  // namespace infinipot::cli
