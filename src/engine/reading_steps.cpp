#include "engine/reading_steps.h"

#include <algorithm>

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

ReadingStep next_step(const Plan& plan, const ReadingState& state) {
    const Schedule schedule = plan.options.schedule;
    const bool in_first_half =
        schedule == Schedule::before_reading && state.n_kv < plan.fill_limit / 2;
    const int room = (in_first_half ? plan.fill_limit / 2 : plan.fill_limit) - state.n_kv;
    const int most = std::min(plan.options.n_batch, room);
    if (schedule == Schedule::per_token && room == 0) {
        return {state.n_per_token, plan.needs.attention != AttentionProbe::none};
    }
    if (plan.needs.attention == AttentionProbe::accumulated) {
        return {std::min(most, state.tile), true};
    }
    if (plan.needs.attention == AttentionProbe::recent && schedule == Schedule::when_full) {
        const int n_before = room - plan.needs.n_query;  // tokens before those that are observed
        return n_before > 0 ? ReadingStep{std::min(most, n_before), false}
                            : ReadingStep{std::min(most, state.tile), true};
    }
    return {most, false};
}

ReadingStep next_prompt_step(const Plan& plan, const ReadingState& state, std::size_t n_left,
                             bool staying, bool deciding) {
    const int left = static_cast<int>(std::min<std::size_t>(n_left, 1u << 30));
    const int room = staying ? plan.fill_limit - state.n_kv : state.room;
    const int most = std::min({plan.options.n_batch, room, left});
    const bool counts = staying || deciding;
    if (plan.needs.attention == AttentionProbe::accumulated && counts) {
        return {std::min(most, state.tile), true, true};
    }
    if (plan.needs.attention != AttentionProbe::recent || !deciding) return {most, false, counts};
    const int n_before = left - plan.needs.n_query;
    return n_before > 0 ? ReadingStep{std::min(most, n_before), false, true}
                        : ReadingStep{std::min(most, state.tile), true, true};
}

bool must_wait(const Plan& plan, int n_kv, std::size_t n_left) {
    if (plan.options.schedule == Schedule::before_reading) return n_kv >= plan.fill_limit / 2;
    return plan.options.budget.fill && n_kv >= plan.fill_limit && n_left < size(plan.chunk());
}

bool decides_eviction(const Plan& plan, int n_kv, int n_question) {
    return plan.options.schedule == Schedule::at_end &&
           n_kv + n_question > plan.options.budget.retain;
}

Distillation next_distillation(const Plan& plan, std::size_t n_to_come) {
    const int chunk = plan.chunk();
    const int n_evicted = plan.options.budget.fill && n_to_come < size(chunk)
                              ? std::max(static_cast<int>(n_to_come), min_evicted(plan))
                              : chunk;
    return {plan.fill_limit - n_evicted, chunk - n_evicted};
}

int min_evicted(const Plan& plan) { return std::max((plan.chunk() + 7) / 8, plan.needs.n_query); }

TokenRange left_out_middle(const Plan& plan, int n_kv, std::size_t n_waiting) {
    const std::size_t half = size(plan.fill_limit / 2);
    const std::size_t n_first = half - std::min(half, size(n_kv));
    const std::size_t n_read = n_first + half;
    return {n_first, n_waiting - std::min(n_waiting, n_read)};
}

int n_observed(const Plan& plan) {
    switch (plan.needs.attention) {
        case AttentionProbe::none:
            return 0;
        case AttentionProbe::catalyst:
            return plan.largest_answer_budget() > 0
                       ? plan.options.budget.capacity  // a question of any length
                       : static_cast<int>(plan.catalyst.size());
        case AttentionProbe::recent:
            return plan.needs.n_query;
        case AttentionProbe::accumulated:
            return plan.options.n_batch;
    }
    return 0;
}

}  // namespace infinipot
