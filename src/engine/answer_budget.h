#pragma once

#include <span>

#include "engine/session_impl.h"

namespace infinipot {

/// Returns how many entries the answer to a question is generated from; 0: all. With
/// AnswerBudget::automatic the session generates a few greedy tokens from all entries and from each
/// of Plan::tried_answer_budgets. Their mean log-probability is the model's confidence, and a part
/// wins if it is clearly higher. All entries are used if nothing was evicted yet, and if the
/// question takes long to read. Leaves the KV cache as it is, and ready for
/// Session::Impl::show_only().
/// @throws Error as reading the question does
int choose_answer_budget(Session::Impl& session, std::span<const Token> question,
                         const GenerateOptions& options);

}  // namespace infinipot
