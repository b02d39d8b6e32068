#include "eval/run/reserve.h"

#include <algorithm>

namespace infinipot::eval {

int n_asked(const Model& model, const std::vector<std::string>& questions, int n_answer) {
    std::size_t longest = 0;
    for (const std::string& question : questions)
        longest = std::max(longest, model.tokenize("\n\n" + question).size());
    return static_cast<int>(longest) + model.info().n_chat_closing + n_answer;
}

void raise_reserve(const Model& model, int n_tokens, SessionOptions& options) {
    if (options.budget.reserve != Budget::automatic) return;
    const Budget usual = resolved_budget(model, options);
    const int most = (usual.capacity - usual.retain) / 2;
    options.budget.reserve = std::clamp(n_tokens, usual.reserve, std::max(most, usual.reserve));
}

}  // namespace infinipot::eval
