#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::eval {

/// Returns the number of tokens of a prompt, including the frame that is put around it.
using TokenCounter = std::function<int(std::string_view prompt)>;

/// One prompt of RULER, cut where a session takes its question, and the expected answer. The parts,
/// joined, are the prompt byte for byte.
struct RulerItem {
    std::string text;           ///< everything before the question; the session reads it
    std::string question;       ///< asked
    std::string answer_prefix;  ///< beginning of the answer, given to the model
    std::vector<std::string> references;
    int max_tokens = 0;       ///< of the answer
    int n_prompt_tokens = 0;  ///< as TokenCounter counts them

    std::string prompt() const { return text + question + answer_prefix; }
};

/// The settings of an item, without the data.
struct ItemSpec {
    std::string name;    ///< the seed of all random draws
    int length = 0;      ///< most tokens of prompt and answer together
    int max_tokens = 0;  ///< of the answer
    TokenCounter n_tokens = {};
};

/// Returns the largest n from `least` to `most` with n_tokens(n) <= limit; nothing if there is
/// none.
/// @param n_tokens grows with n
std::optional<int> largest_that_fits(int least, int most, int limit,
                                     const std::function<int(int n)>& n_tokens);

/// Returns make(n) for the largest n from `least` to `most` with which prompt and answer have at
/// most the spec's length.
/// @throws Error(does_not_fit) if make(least) does not fit
RulerItem fill(const ItemSpec& spec, int least, int most,
               const std::function<RulerItem(int n)>& make);

}  // namespace infinipot::eval
