#pragma once

#include <vector>

#include "cache/kv_cache.h"
#include "engine/prompt_frame.h"
#include "infinipot/session.h"

namespace infinipot {

/// What a session does, with every automatic value decided and every contradiction refused.
struct Plan {
    ResolvedOptions options = {};
    Needs needs = {};  ///< of the policy
    PromptFrame frame = {};
    std::vector<Token> catalyst = {};      ///< empty if the policy needs no attention
    std::vector<char> sentence_ends = {};  ///< by token, if the policy needs them
    int fill_limit = 0;                    ///< entries leave when the pot holds this many
    /// Numbers of entries, besides all, that an automatic answer budget tries, descending.
    std::vector<int> tried_answer_budgets = {};

    bool measures_surprisal() const { return needs.surprisal || options.measure_surprisal; }
    /// Tokens read between two distillations of Schedule::when_full.
    int chunk() const { return fill_limit - options.budget.retain; }
    /// Most tokens of a question for which an automatic answer budget tries several.
    int longest_tried_question() const { return options.budget.capacity / 8; }
    /// Most entries that an answer is generated from other than all; 0 if it is always all.
    int largest_answer_budget() const {
        if (options.answer_budget.rule == AnswerBudget::fixed) return options.answer_budget.n;
        return tried_answer_budgets.empty() ? 0 : tried_answer_budgets.front();
    }
};

/// @throws Error(invalid_argument) or Error(does_not_fit), one sentence naming the option.
Plan make_plan(const Model::Impl& model, SessionOptions options);

/// The pot that the plan asks for.
/// @throws Error(invalid_argument) if the model's heads do not fit its type.
CacheShape cache_shape(const Plan& plan, const Model::Impl& model);

}  // namespace infinipot
