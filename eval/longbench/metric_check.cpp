#include "eval/longbench/metric_check.h"

#include <algorithm>

#include "eval/longbench/task.h"
#include "eval/text/json_lines.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

CheckedTask check(const LongBenchTask& task, const fs::path& run, double expected) {
    CheckedTask checked = {
        .run = run.filename().string(), .task = std::string(task.name), .expected = expected};
    std::vector<double> scores;
    std::vector<double> by_levenshtein;
    for (const Record& item : read_json_lines(run / (checked.task + ".jsonl"))) {
        const auto score = [&](StringMatcher matcher) {
            return longbench_score(task, item.text("pred"), item.texts("answers"),
                                   item.texts_if_any("all_classes"), matcher);
        };
        scores.push_back(score(StringMatcher::difflib));
        by_levenshtein.push_back(task.metric == Metric::code_similarity
                                     ? score(StringMatcher::levenshtein)
                                     : scores.back());
        if (scores.back() != item.number("score")) ++checked.n_different;
    }
    checked.n_items = scores.size();
    checked.score = longbench_task_score(scores);
    checked.levenshtein = longbench_task_score(by_levenshtein);
    return checked;
}

/// Returns the runs in the order of their names.
std::vector<fs::path> runs_in(const fs::path& folder) {
    std::vector<fs::path> runs;
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder, failure)) {
        if (fs::exists(entry.path() / "expected.json")) runs.push_back(entry.path());
    }
    if (runs.empty()) {
        throw Error(ErrorCode::file_error,
                    "there is no run in " + folder.string() + ": no folder with an expected.json");
    }
    std::ranges::sort(runs);
    return runs;
}

}  // namespace

std::vector<CheckedTask> check_metrics(const fs::path& folder) {
    std::vector<CheckedTask> checked;
    for (const fs::path& run : runs_in(folder)) {
        const Record expected = read_json_file(run / "expected.json");
        for (const LongBenchTask& task : longbench_tasks()) {
            const std::string name(task.name);
            if (!expected.has(name.c_str())) continue;
            checked.push_back(check(task, run, expected.number(name.c_str())));
        }
    }
    return checked;
}

}  // namespace infinipot::eval
