#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// Sessions for a benchmark's prompt: the session reads the text, and answers the rest exactly as
/// it stands in the prompt.
namespace infinipot::eval {

/// Return whether the entries that are kept depend on the question.
bool is_query_aware(const SessionOptions& options, const Method& method);
bool is_query_aware(const ResolvedOptions& options, const Method& method);

/// Returns "query-aware" or "query-agnostic", as results spell it.
std::string mode_of(const ResolvedOptions& options, const Method& method);

/// Returns the options of a session whose catalyst may be `questions`. The default value stands for
/// any question.
/// @throws as session_options()
SessionOptions prompt_options(const Method& method,
                              const std::vector<std::string>& questions = {"?"});

/// Returns the settings that all prompts of a method share, with the requested budget and the
/// "mode" of mode_of(). The capacity is resolved. Other automatic values may depend on the prompt.
nlohmann::ordered_json describe_prompts(const std::string& task, const Method& method,
                                        const Model& model);

}  // namespace infinipot::eval
