#pragma once

#include <map>
#include <optional>
#include <string>

#include "eval/ruler/haystack.h"
#include "eval/ruler/questions.h"
#include "eval/ruler/word_lists.h"

namespace infinipot::eval {

/// The data that RULER's tasks are made of. Each task uses a part of it.
struct RulerData {
    WordLists words;
    std::optional<Haystack> haystack = {};
    std::map<std::string, Questions> questions = {};  ///< by name of the dataset
};

}  // namespace infinipot::eval
