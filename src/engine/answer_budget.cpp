#include "engine/answer_budget.h"

#include <limits>

#include "engine/generation_impl.h"

namespace infinipot {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int n_tried = 8;  ///< tokens of each
constexpr double least_advantage =
    0.5;  ///< nats for each of them by which a part must be more confident

double confidence(Session::Impl& session, std::span<const Token> question,
                  const GenerateOptions& options, int answer_budget, double least) {
    Generation::Impl answer(session, question, options, {.answer_budget = answer_budget});
    return answer.confidence(n_tried, least);
}

/// Returns the part with which the model is most confident, or 0 for all entries.
int try_out(Session::Impl& session, std::span<const Token> question,
            const GenerateOptions& options) {
    int best = 0;
    double most = confidence(session, question, options, 0, -infinity) + least_advantage;
    if (most >= 0) return 0;  // nothing is more confident
    session.attend(question);
    for (const int answer_budget : session.plan().tried_answer_budgets) {
        if (answer_budget >= session.cache().n()) continue;  // that is all
        const double part = confidence(session, question, options, answer_budget, most);
        if (part > most) {
            most = part;
            best = answer_budget;
        }
    }
    return best;
}

}  // namespace

int choose_answer_budget(Session::Impl& session, std::span<const Token> question,
                         const GenerateOptions& options) {
    const AnswerBudget asked = session.plan().options.answer_budget;
    if (asked.rule == AnswerBudget::all) return 0;
    if (asked.rule == AnswerBudget::fixed) {
        if (asked.n < session.cache().n()) session.attend(question);
        return asked.n;
    }
    const bool is_whole = !session.has_evicted();
    const bool is_long =
        static_cast<int>(question.size()) > session.plan().longest_tried_question();
    if (is_whole || is_long) return 0;
    GenerateOptions greedy = options;
    greedy.sampling = {};
    greedy.logit_bias = {};
    return try_out(session, question, greedy);
}

}  // namespace infinipot
