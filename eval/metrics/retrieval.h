#pragma once

#include <string_view>

namespace infinipot::eval {

/// Returns the share of the prediction's numbers that equal the number of the answer's paragraph,
/// such as "Paragraph 7"; 0 if it has no numbers. Source: LongBench `retrieval_score`.
double retrieval(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
