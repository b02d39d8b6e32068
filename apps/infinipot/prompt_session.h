#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infinipot/infinipot.h"
#include "options/session_flags.h"

/// Sessions that meet a benchmark's prompt: the text of it is read, and the rest is asked, to the
/// letter.
namespace infinipot::cli {

/// Whether what is kept of a text depends on the question.
bool is_query_aware(const SessionOptions& options, const SessionFlags& flags);

/// The same as results say it: "query-aware" or "query-agnostic".
std::string mode_of(const SessionOptions& options, const SessionFlags& flags);

/// The options of a session that reads for questions; without any, of any such session.
SessionOptions prompt_options(const SessionFlags& flags,
                              const std::vector<std::string>& questions = {"?"});

/// What is the same for all prompts of a method: the settings, the budget that was asked for, of
/// which the capacity is the same for all and other values may follow from the prompt, and the
/// "mode", query-aware or query-agnostic.
nlohmann::ordered_json describe_prompts(const std::string& task, const SessionFlags& flags,
                                        const Model& model);

}  // namespace infinipot::cli
