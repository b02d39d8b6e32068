#pragma once

#include <string>

#include "inspect/inspection.h"

/// The survivors as text, for a terminal or a file.
namespace infinipot::cli {

/// Returns the text and a legend before it. The more heads keep a token at the last distillation,
/// the stronger is its background. Uses escape sequences for 256 colours.
std::string shaded_text(const Inspection& inspection);

/// Returns the passages that most heads and fewest heads keep at the last distillation, without
/// those that the budget protects.
std::string passages_table(const Inspection& inspection, const ResolvedBudget& budget);

/// Returns a line of totals and a table with a row for each distillation, or for a sample of 12.
std::string survival_table(const Inspection& inspection, const ResolvedBudget& budget);

}  // namespace infinipot::cli
