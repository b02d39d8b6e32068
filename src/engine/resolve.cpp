#include <algorithm>
#include <utility>

#include "engine/plan.h"
#include "engine/prompt_frame.h"
#include "infinipot/options.h"
#include "model/access.h"

namespace infinipot {

ResolvedOptions resolve(const Model& model, SessionOptions options) {
    return make_plan(Access::impl(model), std::move(options)).options;
}

int answer_room(const Model& model, const SessionOptions& options, std::string_view question,
                int max_tokens, std::string_view answer_prefix) {
    const PromptFrame frame = prompt_frame(Access::impl(model), options.framing, options.separator);
    const auto prompt = frame_question(Access::impl(model), frame, question, true, answer_prefix);
    return static_cast<int>(prompt.size()) + max_tokens;
}

int frame_tokens(const Model& model, Framing framing) {
    const PromptFrame frame = prompt_frame(Access::impl(model), framing, {});
    return static_cast<int>(frame.opening.size() + frame.closing.size());
}

void raise_reserve(const Model& model, int n_entries, SessionOptions& options) {
    if (options.budget.reserve) return;
    const ResolvedBudget budget = resolve(model, options).budget;
    const int most = std::max((budget.capacity - budget.retain) / 2, budget.reserve);
    options.budget.reserve = std::clamp(n_entries, budget.reserve, most);
}

}  // namespace infinipot
