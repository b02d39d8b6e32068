#include "engine/surest_focus.h"

#include <limits>

#include "engine/generation_impl.h"

namespace infinipot {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int n_tried = 8;               ///< tokens of each
constexpr double least_advantage = 0.5;  ///< nats for each of them that a part must be surer by

double sureness(Session::Impl& session, std::span<const Token> question,
                const GenerateOptions& options, int focus, double least) {
    Generation::Impl answer(session, question, options, Generation::Impl::Trace::none, focus);
    return answer.sureness(n_tried, least);
}

}  // namespace

int surest_focus(Session::Impl& session, std::span<const Token> question,
                 const GenerateOptions& options) {
    const int asked = session.plan.options.focus;
    if (asked != SessionOptions::automatic) return asked;
    if (session.stats.distillations == 0) return 0;
    GenerateOptions greedy = options;
    greedy.sampling = {};
    const double decode_seconds = session.stats.decode_seconds;
    int surest = 0;
    double most = sureness(session, question, greedy, 0, -infinity) + least_advantage;
    for (const int focus : session.plan.foci) {
        if (most >= 0) break;                        // nothing is as sure
        if (focus >= session.cache().n()) continue;  // that is all
        const double sure = sureness(session, question, greedy, focus, most);
        if (sure > most) {
            most = sure;
            surest = focus;
        }
    }
    session.stats.decode_seconds = decode_seconds;  // the answer has not begun
    return surest;
}

}  // namespace infinipot
