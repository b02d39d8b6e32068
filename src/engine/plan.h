#pragma once

#include <vector>

#include "cache/kv_cache.h"
#include "infinipot/session.h"

namespace infinipot {

/// What a session does, with every automatic value decided and every contradiction refused.
struct Plan {
    SessionOptions options = {};       ///< budget, policy, catalyst, batch and threads filled in
    Needs needs = {};                  ///< of the policy
    Schedule schedule = {};            ///< that of the options, else the policy's
    Positions positions = {};          ///< likewise
    std::vector<Token> opening = {};   ///< what the stream begins with: BOS and the chat frame
    std::vector<Token> closing = {};   ///< what follows a question
    std::vector<Token> catalyst = {};  ///< empty if the policy needs no attention
    std::vector<char> sentence_ends = {};  ///< by token, if the policy needs them
    int fill_limit = 0;                    ///< entries leave when the pot holds this many
    /// Numbers of entries, beside all, that an automatic focus tries; the largest first.
    std::vector<int> foci = {};

    bool measures_surprisal() const { return needs.surprisal || options.measure_surprisal; }
    /// Tokens read between two distillations of Schedule::when_full.
    int stride() const { return fill_limit - options.budget.retain; }
    /// Of a question for which an automatic focus tries them, in tokens.
    int longest_tried_question() const { return options.budget.capacity / 8; }
    int largest_focus() const { return foci.empty() ? options.focus : foci.front(); }
};

/// @throws Error(invalid_argument) or Error(does_not_fit), one sentence naming the option.
Plan make_plan(const Model::Impl& model, SessionOptions options);

/// The pot that the plan asks for.
/// @throws Error(invalid_argument) if the model's heads do not fit its type.
CacheShape cache_shape(const Plan& plan, const Model::Impl& model);

/// A question as the model is to see it behind the text: [words, closing, answer_prefix].
std::vector<Token> frame_question(const Model::Impl& model, const Plan& plan,
                                  std::string_view question, bool after_text,
                                  std::string_view answer_prefix = {});

}  // namespace infinipot
