#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::eval {

/// Tokens of a whole prompt as the model is to see it, with all that is put around it.
using TokenCounter = std::function<int(std::string_view prompt)>;

/// One prompt of RULER, cut where a pot can be asked, and what its answer should hold. The parts
/// put together are the prompt, to the letter.
struct RulerItem {
    std::string text;           ///< read: all that comes before the question
    std::string question;       ///< asked
    std::string answer_prefix;  ///< what the answer begins with
    std::vector<std::string> references;
    int max_tokens = 0;       ///< of the answer
    int n_prompt_tokens = 0;  ///< as the counter has them

    std::string prompt() const { return text + question + answer_prefix; }
};

/// What an item is made from, besides the data.
struct ItemSpec {
    std::string name;    ///< all draws follow from it
    int length = 0;      ///< most tokens of prompt and answer together
    int max_tokens = 0;  ///< of the answer
    TokenCounter n_tokens = {};
};

/// The largest n from `least` to `most` for which `n_tokens(n)`, which grows with n, is at most
/// `limit`; nothing if there is none.
std::optional<int> largest_that_fits(int least, int most, int limit,
                                     const std::function<int(int n)>& n_tokens);

/// The item of `make(n)` with the largest n from `least` to `most` whose prompt and answer have
/// together at most the spec's length.
/// @throws Error(does_not_fit) where not even `make(least)` fits.
RulerItem fill(const ItemSpec& spec, int least, int most,
               const std::function<RulerItem(int n)>& make);

}  // namespace infinipot::eval
