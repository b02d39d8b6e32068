#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infinipot/infinipot.h"

namespace infinipot::cli {

struct Answer {
    std::string question;
    std::string text;
    StopReason stop_reason = StopReason::end_of_answer;
    int n_tokens = 0;
    double ttft_seconds = 0;
    int answer_budget = 0;                ///< see Stats
    std::vector<DrawnToken> tokens = {};  ///< if GenerateOptions::n_logprobs asks for them
};

/// Returns the answer of a generation that has ended.
Answer answer_of(const Session& session, const Generation& generation, std::string question,
                 std::string text);

/// A record of one run, printed as text or as JSON.
struct Report {
    ModelInfo model;
    ModelOptions model_options;
    std::vector<std::string> files;
    ResolvedOptions session;
    GenerateOptions generate;
    std::vector<Answer> answers;
    Stats stats;
    std::uint64_t peak_memory_bytes = 0;
};

/// Returns the report of a session up to now, with the peak memory of the program.
Report report_on(const Session& session, const ModelOptions& model_options,
                 std::vector<std::string> files, const GenerateOptions& generate,
                 std::vector<Answer> answers);

/// Returns a sentence for every answer that was cut short, and one line of measurements.
std::string closing_lines(const Report& report);

nlohmann::ordered_json to_json(const Report& report);

/// Returns the JSON as text. Bytes that are not UTF-8 are replaced.
std::string print_json(const nlohmann::ordered_json& json);

}  // namespace infinipot::cli
