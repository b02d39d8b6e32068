#pragma once

#include "eval/ruler/data.h"
#include "eval/ruler/item.h"

namespace infinipot::eval {

/// The text around the needles.
enum class NiahHaystack {
    noise,    ///< equal lines
    essay,    ///< the sentences of a text
    needles,  ///< lines that are needles with other keys
};

/// The form of a key or a value.
enum class NeedleKind {
    word,    ///< "quizzical-ladder"
    number,  ///< seven digits
    uuid,    ///< version 4
};

struct NiahSettings {
    NiahHaystack haystack = NiahHaystack::essay;
    NeedleKind key = NeedleKind::word;
    NeedleKind value = NeedleKind::number;
    int n_keys = 1;
    int n_values = 1;   ///< of each key
    int n_queries = 1;  ///< keys in the question
};

/// A needle in a haystack (RULER). Each value of each key is hidden as "One of the special magic
/// numbers for KEY is: VALUE.". The question asks for all values of some keys.
///
/// Deviations from RULER: keys and values are drawn until all differ, including those of the
/// haystack; RULER does not check that. A word is an adjective and a noun, drawn separately; RULER
/// draws from the list of all pairs. RULER has an extra blank where a needle begins an essay, or
/// where two needles meet.
RulerItem make_niah(const NiahSettings& settings, const ItemSpec& spec, const RulerData& data);

}  // namespace infinipot::eval
