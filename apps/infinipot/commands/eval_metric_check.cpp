#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/longbench/metric_check.h"
#include "infinipot/error.h"
#include "options/describe.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Example:
  infinipot eval metric-check longbench-predictions)";

constexpr const char* notes =
    R"(FOLDER has a folder for each run. It holds expected.json, with the official score of each task, and
TASK.jsonl for each task, with pred, answers, all_classes and score of each item. The column
"differ" counts items whose score is not the same double. Code is compared with Python's difflib, as
LongBench's requirements ask; the last column uses python-Levenshtein instead, which fuzzywuzzy
takes where it is installed.)";

std::string table(const std::vector<eval::CheckedTask>& checked) {
    std::string text =
        "run              task                  items  differ  expected     ours  levenshtein\n";
    for (const eval::CheckedTask& task : checked) {
        char line[128];
        std::snprintf(line, sizeof line, "%-16.16s %-20s %6zu %7zu %9.2f %8.2f %12.2f\n",
                      task.run.c_str(), task.task.c_str(), task.n_items, task.n_different,
                      task.expected, task.score, task.levenshtein);
        text += line;
    }
    return text;
}

void run_metric_check(const std::string& folder) {
    if (folder.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no FOLDER to check; see infinipot eval metric-check --help");
    }
    const auto checked = eval::check_metrics(folder);
    print(table(checked));
    const auto n_other = std::ranges::count_if(
        checked, [](const eval::CheckedTask& task) { return !task.agrees(); });
    if (n_other == 0) return;
    throw std::runtime_error(std::to_string(n_other) + " of " + std::to_string(checked.size()) +
                             " tasks have another score than the official one");
}

}  // namespace

Command add_eval_metric_check(CLI::App& eval) {
    const auto folder = std::make_shared<std::string>();
    CLI::App& app = *eval.add_subcommand(
        "metric-check", "Scores predictions of LongBench whose official scores are known");
    explain(app, examples, notes);
    app.add_option("folder", *folder, "Folder of runs")
        ->type_name(folder_values)
        ->option_text("FOLDER");
    return {&app, [folder] { run_metric_check(*folder); }};
}

}  // namespace infinipot::cli
