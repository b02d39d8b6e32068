#pragma once

#include <map>
#include <optional>
#include <string>

#include "eval/ruler/haystack.h"
#include "eval/ruler/questions.h"
#include "eval/ruler/word_lists.h"

namespace infinipot::eval {

/// All that RULER's tasks are made of; each takes what it needs.
struct RulerData {
    WordLists words;
    std::optional<Haystack> haystack = {};
    std::map<std::string, Questions> questions = {};  ///< by the name of the dataset
};

}  // namespace infinipot::eval
