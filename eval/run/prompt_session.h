#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// Sessions for a benchmark's prompt: its text is read, and its rest is asked to the letter.
namespace infinipot::eval {

/// Returns whether the entries that are kept depend on the question.
bool is_query_aware(const SessionOptions& options, const Method& method);
bool is_query_aware(const ResolvedOptions& options, const Method& method);

/// Returns "query-aware" or "query-agnostic", as results spell it.
std::string mode_of(const ResolvedOptions& options, const Method& method);

/// Returns the options of a session that reads for `questions`. The default stands for any
/// question.
/// @throws as session_options()
SessionOptions prompt_options(const Method& method,
                              const std::vector<std::string>& questions = {"?"});

/// Returns what all prompts of a method share: the settings, the budget that was asked for, and the
/// "mode" of mode_of(). The capacity in it is resolved. Other values may follow from the prompt.
nlohmann::ordered_json describe_prompts(const std::string& task, const Method& method,
                                        const Model& model);

}  // namespace infinipot::eval
