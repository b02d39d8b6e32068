#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/survival/kept_text.h"
#include "infinipot/infinipot.h"

/// What a pot keeps of the texts that it has read.
namespace infinipot::cli {

struct KeptInspection {
    std::string pot;  ///< its file
    SnapshotInfo info = {};
    int n_layer = 0;
    int n_head_kv = 0;
    std::vector<eval::KeptPiece> pieces = {};  ///< of all tokens that any head keeps
};

/// Returns the kept text, with dots for the gaps, and the facts of the pot. With `shades` the text
/// has all kept tokens, shaded by the share of the heads that keep them; else those that half of
/// the heads keep.
std::string for_people(const KeptInspection& kept, bool shades);

nlohmann::ordered_json to_json(const KeptInspection& kept);

}  // namespace infinipot::cli
