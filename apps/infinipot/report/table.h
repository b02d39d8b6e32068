#pragma once

#include <string>
#include <vector>

namespace infinipot::cli {

/// Returns rows of cells as lines with columns of equal width. A row may lack its last cells.
/// Characters of others that could move the cursor or change colours are replaced.
std::string aligned_table(std::vector<std::vector<std::string>> rows);

}  // namespace infinipot::cli
