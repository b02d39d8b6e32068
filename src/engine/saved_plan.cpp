#include "engine/saved_plan.h"

#include <algorithm>
#include <limits>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "model/model_impl.h"

namespace infinipot {

namespace {

constexpr std::size_t longest_text = std::size_t{1} << 24;
constexpr std::size_t most_tokens = std::size_t{1} << 24;
constexpr int most = std::numeric_limits<int>::max();

void serialize(StateArchive& archive, std::optional<int>& x) {
    int value = x.value_or(0);
    archive.number(value, 0, most);
    x = value;
}

void serialize(StateArchive& archive, Budget& budget) {
    serialize(archive, budget.capacity);
    serialize(archive, budget.retain);
    archive.value(budget.fill);
    serialize(archive, budget.reserve);
    serialize(archive, budget.protect_first);
    serialize(archive, budget.protect_recent);
    std::uint64_t memory = budget.memory_bytes.value_or(0);
    archive.value(memory);
    if (memory > 0) budget.memory_bytes = static_cast<std::size_t>(memory);
    archive.value(budget.beyond_window);
}

void serialize(StateArchive& archive, Positions& positions) {
    archive.one_of(positions.rule, 3);
    archive.number(positions.group, 1, most);
    archive.number(positions.neighbours, 0, most);
}

void serialize(StateArchive& archive, SessionOptions& options) {
    serialize(archive, options.budget);
    Schedule schedule = options.schedule.value_or(Schedule::when_full);
    archive.one_of(schedule, 4);
    options.schedule = schedule;
    Positions positions = options.positions.value_or(Positions::reset);
    serialize(archive, positions);
    options.positions = positions;
    archive.one_of(options.kv_type, static_cast<int>(all_kv_types().size()));
    archive.one_of(options.framing, 2);
    archive.text(options.system_prompt, longest_text);
    archive.text(options.separator, longest_text);
    archive.text(options.catalyst, longest_text);
    archive.one_of(options.answer_budget.rule, 3);
    archive.number(options.answer_budget.n, 0, most);
    archive.value(options.measure_surprisal);
    archive.number(options.n_batch, 1, most);
}

Budget explicit_budget(const ResolvedBudget& budget) {
    Budget asked{.capacity = budget.capacity,
                 .retain = budget.retain,
                 .fill = budget.fill,
                 .reserve = budget.reserve,
                 .protect_first = budget.protect_first,
                 .protect_recent = budget.protect_recent,
                 .beyond_window = budget.beyond_window};
    if (budget.memory_bytes > 0) asked.memory_bytes = budget.memory_bytes;
    return asked;
}

void require_tokens(const std::vector<Token>& tokens, int n_vocab) {
    const auto is_token = [&](Token token) { return 0 <= token && token < n_vocab; };
    if (std::ranges::all_of(tokens, is_token)) return;
    throw Error(ErrorCode::bad_snapshot, "the snapshot names tokens that the model does not have");
}

/// Returns words of a file as a sentence can have them.
std::string printable(std::string words) {
    constexpr std::size_t longest = 100;
    if (words.size() > longest) words = words.substr(0, longest) + "...";
    std::ranges::replace_if(
        words, [](char c) { return c < ' ' || c > '~'; }, '?');
    return words;
}

PolicyPtr policy_of(const SavedPlan& saved, const RestoreOptions& options) {
    if (!options.policy) {
        try {
            return make_policy(saved.policy);
        } catch (const Error&) {
            throw Error(ErrorCode::bad_snapshot,
                        "the snapshot was made with a policy that is not known: " +
                            printable(saved.policy));
        }
    }
    if (options.policy->spec() == saved.policy) return options.policy;
    throw Error(ErrorCode::invalid_argument, "the snapshot was made with policy " +
                                                 printable(saved.policy) + ", not " +
                                                 options.policy->spec());
}

/// @throws Error(bad_snapshot) if the options of the snapshot contradict each other.
Plan plan_of(const SavedPlan& saved, const Model::Impl& model, const RestoreOptions& options) {
    SessionOptions asked = saved.options;
    asked.policy = policy_of(saved, options);
    asked.n_threads = options.n_threads;
    PromptTokens tokens{saved.frame, saved.catalyst};
    tokens.frame.separator = saved.options.separator;
    try {
        return make_plan(model, std::move(asked), &tokens);
    } catch (const Error& error) {
        const bool may_be_callers = options.n_threads.value_or(1) < 1 || !is_cpu(model.device);
        if (may_be_callers) throw;
        throw Error(ErrorCode::bad_snapshot,
                    "the options of the snapshot cannot be used: " + std::string(error.what()));
    }
}

}  // namespace

void SavedPlan::serialize(StateArchive& archive) {
    archive.block(std::span(model));
    archive.text(policy, longest_text);
    infinipot::serialize(archive, options);
    archive.value(frame.is_chat);
    archive.list(frame.opening, most_tokens);
    archive.list(frame.closing, most_tokens);
    archive.list(frame.reopening, most_tokens);
    archive.list(catalyst, most_tokens);
    archive.number(n_kv, 0, options.budget.capacity.value_or(0));
}

SavedPlan save_plan(const Plan& plan, const Model::Impl& model, int n_kv) {
    const ResolvedOptions& o = plan.options;
    return {.model = model.fingerprint(),
            .policy = o.policy->spec(),
            .options = {.budget = explicit_budget(o.budget),
                        .schedule = o.schedule,
                        .positions = o.positions,
                        .kv_type = o.kv_type,
                        .framing = o.framing,
                        .system_prompt = o.system_prompt,
                        .separator = o.separator,
                        .catalyst = o.catalyst,
                        .answer_budget = o.answer_budget,
                        .measure_surprisal = o.measure_surprisal,
                        .n_batch = o.n_batch},
            .frame = plan.frame,
            .catalyst = plan.catalyst,
            .n_kv = n_kv};
}

Plan restore_plan(const SavedPlan& saved, const Model::Impl& model, const RestoreOptions& options) {
    if (saved.model != model.fingerprint()) {
        throw Error(ErrorCode::bad_snapshot,
                    "the snapshot was made with another model than " + model.info.path +
                        ", or with another sliding window or novelty vocabulary");
    }
    require_tokens(saved.frame.opening, model.hparams.n_vocab);
    require_tokens(saved.frame.closing, model.hparams.n_vocab);
    require_tokens(saved.frame.reopening, model.hparams.n_vocab);
    require_tokens(saved.catalyst, model.hparams.n_vocab);
    return plan_of(saved, model, options);
}

}  // namespace infinipot
