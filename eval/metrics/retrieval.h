#pragma once

#include <string_view>

namespace infinipot::eval {

/// Of all numbers in the prediction the share that is the number of the paragraph which the answer,
/// such as "Paragraph 7", names; 0 if there are none. Source: LongBench `retrieval_score`.
double retrieval(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
