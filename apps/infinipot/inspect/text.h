#pragma once

#include <string>

#include "inspect/inspection.h"

/// What survived, for people who read it on a terminal or in a file.
namespace infinipot::cli {

/// The text, each token on a ground that is the stronger the more heads hold it after the last
/// distillation, with escape sequences of terminals of 256 colours; a legend before it.
std::string shaded_text(const Inspection& inspection);

/// The passages that most and fewest heads hold after the last distillation, without those that the
/// budget protects.
std::string passages_table(const Inspection& inspection, const ResolvedBudget& budget);

/// A line of totals, and a table with a row for each distillation, or for a dozen of them.
std::string survival_table(const Inspection& inspection, const ResolvedBudget& budget);

}  // namespace infinipot::cli
