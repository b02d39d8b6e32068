#include "eval/run/method.h"

#include <algorithm>
#include <thread>

#include "base/utf8.h"
#include "eval/run/catalysts.h"

namespace infinipot::eval {
namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

std::string catalyst_text(const std::string& catalyst, const std::vector<std::string>& questions) {
    require_utf8(catalyst, "the catalyst prompt");
    if (catalyst == "question") return joined(questions);
    if (catalyst == "none") {
        throw Error(ErrorCode::invalid_argument,
                    "--catalyst none is a policy of its own: --policy infinipot:probe=last scores "
                    "by the last token's attention, infinipot:novelty=1 by surprisal alone");
    }
    const auto named = std::ranges::find(catalysts(), catalyst, &Catalyst::name);
    return named == catalysts().end() ? catalyst : std::string(named->text);
}

PolicyPtr policy_of(const Method& method) {
    if (!method.policy.empty()) return make_policy(method.policy);
    return method.paper ? policies::infinipot(policies::infinipot_of_the_paper)
                        : policies::infinipot();
}

void apply_paper_preset(SessionOptions& options) {
    Budget& budget = options.budget;
    if (!budget.protect_first) budget.protect_first = 0;
    if (!budget.protect_recent) budget.protect_recent = 0;
    budget.fill = false;
}

/// The largest number of threads of a session, whether it is alone or one of several.
constexpr int largest_share_of_threads = 8;

int share_of_threads(int n_parallel) {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    return std::clamp(cores / n_parallel, 1, largest_share_of_threads);
}

}  // namespace

SessionOptions session_options(const Method& method, const std::vector<std::string>& questions) {
    SessionOptions options = method.session;
    options.policy = policy_of(method);
    options.catalyst = catalyst_text(method.catalyst, questions);
    if (!method.schedule.empty()) options.schedule = parse_schedule(method.schedule);
    if (!method.positions.empty()) options.positions = parse_positions(method.positions);
    if (method.paper) apply_paper_preset(options);
    if (method.n_parallel > 1 && !options.n_threads) {
        options.n_threads = share_of_threads(method.n_parallel);
    }
    return options;
}

std::string kernels_word(const ModelInfo& model, const ModelOptions& options) {
    return model.device == "cpu" && options.kernels == Kernels::native ? "native" : "ggml";
}

}  // namespace infinipot::eval
