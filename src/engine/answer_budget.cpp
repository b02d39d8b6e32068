#include "engine/answer_budget.h"

#include <limits>

#include "engine/generation_impl.h"

namespace infinipot {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int n_tried = 8;               ///< tokens of each
constexpr double least_advantage = 0.5;  ///< nats for each of them that a part must be surer by

double sureness(Session::Impl& session, std::span<const Token> question,
                const GenerateOptions& options, int focus, double least) {
    Generation::Impl answer(session, question, options, Generation::Impl::Retention::none, focus);
    return answer.sureness(n_tried, least);
}

/// All entries, or the part with which the model is surest of what it says.
int try_out(Session::Impl& session, std::span<const Token> question,
            const GenerateOptions& options) {
    int surest = 0;
    double most = sureness(session, question, options, 0, -infinity) + least_advantage;
    if (most >= 0) return 0;  // nothing is as sure
    session.attend(question);
    for (const int focus : session.plan.tried_answer_budgets) {
        if (focus >= session.cache().n()) continue;  // that is all
        const double sure = sureness(session, question, options, focus, most);
        if (sure > most) {
            most = sure;
            surest = focus;
        }
    }
    return surest;
}

}  // namespace

int surest_focus(Session::Impl& session, std::span<const Token> question,
                 const GenerateOptions& options) {
    const AnswerBudget asked = session.plan.options.answer_budget;
    if (asked.rule == AnswerBudget::all) return 0;
    if (asked.rule == AnswerBudget::fixed) {
        if (asked.n < session.cache().n()) session.attend(question);
        return asked.n;
    }
    const bool is_whole = session.stats.distillations == 0;
    const bool is_long = static_cast<int>(question.size()) > session.plan.longest_tried_question();
    if (is_whole || is_long) return 0;
    GenerateOptions greedy = options;
    greedy.sampling = {};
    const double decode_seconds = session.stats.decode_seconds;
    const int surest = try_out(session, question, greedy);
    session.stats.decode_seconds = decode_seconds;  // the answer has not begun
    return surest;
}

}  // namespace infinipot
