#pragma once

#include <span>
#include <vector>

#include "cache/kv_cache.h"
#include "engine/prompt_frame.h"
#include "infinipot/session.h"

namespace infinipot {

/// The settings of a session, with every automatic value chosen, and the values derived from them.
/// Counts are in entries per layer and KV head, which are tokens. Constant for a session's life.
struct Plan {
    ResolvedOptions options = {};
    Needs needs = {};                  ///< of the policy
    PromptFrame frame = {};            ///< tokens around a text and its questions
    std::vector<Token> catalyst = {};  ///< empty if the policy needs no attention
    /// By token: whether it ends a sentence. The model's; empty unless the policy asks.
    std::span<const char> sentence_ends = {};
    int fill_limit = 0;  ///< entries at which reading stops to make room
    /// Numbers of entries, besides all, that an automatic answer budget tries; descending.
    std::vector<int> tried_answer_budgets = {};

    /// Returns whether the session measures the surprisal of every token read.
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

/// The tokens that a snapshot gives a plan.
struct PromptTokens {
    PromptFrame frame = {};
    std::vector<Token> catalyst = {};  ///< ignored if the policy needs no attention
};

/// Chooses every automatic value of `options` and refuses contradictions between them, the policy
/// and the model. Frame and catalyst are those of `tokens`, if given, and otherwise those that
/// model and options give. Allocates no cache and computes nothing but tokens; any thread may call
/// it.
/// @throws Error(invalid_argument), one sentence that names the option, at a contradiction.
/// @throws Error(does_not_fit) if the cache is too small for what it must hold.
Plan make_plan(const Model::Impl& model, SessionOptions options,
               const PromptTokens* tokens = nullptr);

/// Returns the shape of the cache that the plan asks for.
/// @throws Error(invalid_argument) if the model's heads do not fit its type.
CacheShape cache_shape(const Plan& plan, const Model::Impl& model);

}  // namespace infinipot
