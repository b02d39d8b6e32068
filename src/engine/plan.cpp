#include "engine/plan.h"

#include <algorithm>
#include <string>
#include <thread>

#include "infinipot/error.h"
#include "model/model_impl.h"

namespace infinipot {

const std::string_view general_catalyst =
    "Summarize the previous context, highlighting the most important parts.";

namespace {

constexpr int default_capacity = 4096;
constexpr int largest_default_threads = 8;
constexpr int smallest_stride = 8;  // tokens read between two distillations, at the least

std::string number(long long n) { return std::to_string(n); }

[[noreturn]] void contradiction(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

[[noreturn]] void too_small(const std::string& sentence) {
    throw Error(ErrorCode::does_not_fit, sentence);
}

void require_at_least(int value, int least, const char* name) {
    if (value >= least) return;
    contradiction(std::string(name) + " is " + number(value) + " and must be at least " +
                  number(least));
}

int chosen(int value, int automatic) { return value == Budget::automatic ? automatic : value; }

/// The capacity that the budget asks for, in entries or in bytes, whichever is smaller.
int capacity_of(const Budget& budget, const Model::Impl& model) {
    const int n_ctx_train = model.hparams.n_ctx_train;
    int capacity = chosen(budget.capacity, std::min(default_capacity, n_ctx_train));
    if (budget.memory_bytes > 0) {
        const std::size_t entry = KvCache::entry_bytes(model.hparams.cache_shape(0));
        const std::size_t entries = budget.memory_bytes / entry;
        if (entries == 0) {
            too_small("a memory of " + number(static_cast<long long>(budget.memory_bytes)) +
                      " bytes holds not even one entry of " +
                      number(static_cast<long long>(entry)) + " bytes");
        }
        capacity =
            static_cast<int>(std::min<std::size_t>(entries, static_cast<std::size_t>(capacity)));
    }
    require_at_least(capacity, 1, "the capacity");
    return capacity;
}

void check_window(const SessionOptions& options, const Model::Impl& model) {
    const int capacity = options.budget.capacity;
    const int n_ctx_train = model.hparams.n_ctx_train;
    if (capacity <= n_ctx_train || options.budget.beyond_window) return;
    contradiction("a capacity of " + number(capacity) + " goes beyond the " + number(n_ctx_train) +
                  " positions that the model was trained on; choose at most " +
                  number(n_ctx_train) + ", or allow it with beyond_window");
}

void resolve_budget(Plan& plan, const Model::Impl& model) {
    Budget& budget = plan.options.budget;
    const int n_opening = static_cast<int>(plan.opening.size());
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    budget.capacity = capacity_of(budget, model);
    budget.reserve = chosen(budget.reserve, budget.capacity / 8);
    budget.retain = chosen(budget.retain, budget.capacity / 2);
    budget.protect_first =
        chosen(budget.protect_first, std::min(std::max(4, n_opening), budget.retain / 4));
    budget.protect_recent = chosen(budget.protect_recent, budget.capacity / 16);
    require_at_least(budget.reserve, 0, "the reserve");
    require_at_least(budget.retain, 1, "retain");
    require_at_least(budget.protect_first, 0, "protect_first");
    require_at_least(budget.protect_recent, 0, "protect_recent");

    plan.fill_limit = budget.capacity - std::max(n_catalyst, budget.reserve);
    if (budget.retain >= budget.capacity) {
        contradiction("retain is " + number(budget.retain) +
                      " and must be less than the capacity of " + number(budget.capacity));
    }
    if (plan.fill_limit - budget.retain < smallest_stride) {
        too_small("a capacity of " + number(budget.capacity) + " entries is too small for " +
                  number(budget.retain) + " retained, a catalyst of " + number(n_catalyst) +
                  " tokens, a reserve of " + number(budget.reserve) + " and at least " +
                  number(smallest_stride) + " new tokens; raise the capacity or lower the others");
    }
    if (budget.protect_first + budget.protect_recent > budget.retain) {
        contradiction("protect_first " + number(budget.protect_first) + " and protect_recent " +
                      number(budget.protect_recent) + " are together more than the " +
                      number(budget.retain) + " entries retained");
    }
}

bool framed(const Plan& plan, const Model::Impl& model) {
    return plan.options.framing == Framing::chat && model.frame.has_value();
}

}  // namespace

std::vector<Token> frame_question(const Model::Impl& model, const Plan& plan,
                                  std::string_view question, bool after_text) {
    const bool apart = after_text && framed(plan, model);
    std::vector<Token> tokens =
        model.vocabulary.tokenize((apart ? "\n\n" : "") + std::string(question));
    tokens.insert(tokens.end(), plan.closing.begin(), plan.closing.end());
    return tokens;
}

Plan make_plan(const Model::Impl& model, SessionOptions options) {
    Plan plan{.options = std::move(options)};
    SessionOptions& o = plan.options;
    if (!o.policy) o.policy = infinipot();
    if (o.catalyst.empty()) o.catalyst = general_catalyst;
    plan.needs = o.policy->needs();

    plan.opening = model.vocabulary.stream_start();
    if (framed(plan, model)) {
        const auto opening = model.vocabulary.tokenize_control(model.frame->opening);
        plan.opening.insert(plan.opening.end(), opening.begin(), opening.end());
        plan.closing = model.vocabulary.tokenize_control(model.frame->closing);
    }
    if (plan.needs.attention == AttentionProbe::catalyst) {
        plan.catalyst = frame_question(model, plan, o.catalyst, true);
        if (plan.catalyst.empty()) contradiction("the catalyst prompt has no tokens");
    }
    resolve_budget(plan, model);
    check_window(o, model);
    if (static_cast<int>(plan.opening.size()) >= plan.fill_limit) {
        too_small("a capacity of " + number(o.budget.capacity) +
                  " entries is too small for the opening of the chat template; raise the capacity");
    }

    require_at_least(o.n_batch, 1, "the batch");
    o.n_batch = std::min(o.n_batch, plan.fill_limit);
    require_at_least(o.n_threads, 0, "the number of threads");
    if (o.n_threads == 0) {
        const auto cores = static_cast<int>(std::thread::hardware_concurrency());
        o.n_threads = std::clamp(cores, 1, largest_default_threads);
    }
    o.n_threads = std::min(o.n_threads, GGML_MAX_N_THREADS);
    return plan;
}

}  // namespace infinipot
