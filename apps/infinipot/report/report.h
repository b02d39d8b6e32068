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
    int answer_budget = 0;  ///< see Stats
};

/// Of a generation that is over.
Answer answer_of(const Session& session, const Generation& generation, std::string question,
                 std::string text);

/// What one run did, for people and for programs.
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

/// What a session has done so far, and the most memory that the program has held.
Report report_on(const Session& session, const ModelOptions& model_options,
                 std::vector<std::string> files, const GenerateOptions& generate,
                 std::vector<Answer> answers);

/// A sentence for every answer that was cut short, and then one line of measurements.
std::string closing_lines(const Report& report);

nlohmann::ordered_json to_json(const Report& report);

/// As text, with what is not UTF-8 replaced.
std::string print_json(const nlohmann::ordered_json& json);

}  // namespace infinipot::cli
