#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "eval/run/host.h"
#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The experiment of `infinipot eval perplexity`: one text, read by one session.
namespace infinipot::eval {

struct PerplexityRun {
    std::string file;
    int n_tokens = 30000;
    int n_last = 2000;
    int bucket_tokens = 1000;
    int n_generated = 64;
    std::string out;
    Method method;
};

/// Returns the options of the session.
/// @throws Error(invalid_argument) for the catalyst "question", as nothing is asked
/// @throws as session_options()
SessionOptions perplexity_options(const PerplexityRun& run);

/// Returns all settings that decide the result, and the "id" made of them.
nlohmann::ordered_json describe_perplexity(const PerplexityRun& run, const Session& session);

/// Reads the text and returns `settings` with the measurements.
/// @param session is new and has perplexity_options()
/// @throws Error(file_error) or Error(bad_text) if there is no text
/// @throws Error(interrupted) that says how much of the text was read
nlohmann::ordered_json measure_perplexity(Session& session, const PerplexityRun& run,
                                          nlohmann::ordered_json settings, Host& host);

/// Returns whether a result has all that perplexity_line() reads.
bool is_perplexity_result(const nlohmann::ordered_json& result);

/// Returns the result as one line for people.
std::string perplexity_line(const nlohmann::ordered_json& result);

}  // namespace infinipot::eval
