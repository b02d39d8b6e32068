#pragma once

#include "eval/ruler/data.h"
#include "eval/ruler/item.h"

namespace infinipot::eval {

/// What a needle lies in.
enum class NiahHaystack {
    noise,    ///< lines that are all the same
    essay,    ///< the sentences of a text
    needles,  ///< lines that are needles themselves, with other keys
};

/// What a key or a value is.
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
    int n_queries = 1;  ///< keys that are asked for
};

/// A needle in a haystack: "One of the special magic numbers for KEY is: VALUE." is hidden once for
/// each value of each key, and all values of some keys are asked for.
///
/// Deviations from RULER: keys and values are drawn until all of them differ, those of the haystack
/// too, where RULER trusts to chance; a word is an adjective and a noun drawn one after the other,
/// where RULER draws from the list of their pairs; and where a needle begins an essay, or two of
/// them meet in it, RULER has a blank more.
RulerItem make_niah(const NiahSettings& settings, const ItemSpec& spec, const RulerData& data);

}  // namespace infinipot::eval
