#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/run/comparison.h"
#include "eval/run/results.h"
#include "infinipot/error.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using eval::Difference;
using eval::MethodResults;

constexpr const char* examples = R"(Examples:
  infinipot eval compare general.jsonl question.jsonl
      compares two files of one experiment, each of one method

  infinipot eval compare needle.jsonl needle.jsonl --method-a 1 --method-b 3
      compares two methods of one file)";

constexpr const char* notes =
    R"(The table has a row for each task or length and one for their mean: the difference of the scores,
B - A, in points of a hundred, and the interval that holds 95 % of bootstrap samples of the paired
items. An interval without 0 speaks against chance. Items without a score in both files are left
out.)";

struct CompareRun {
    std::string a, b;
    int method_a = 0, method_b = 0;  ///< numbered from 1; 0: the only one
    int n_samples = 10'000;
    std::uint32_t seed = 1;
    bool json = false;
};

MethodResults choose(const std::string& path, int wanted, const std::string& option) {
    const std::vector<MethodResults> methods = eval::read_methods(path);
    const int n = static_cast<int>(methods.size());
    if (n == 1 && wanted == 0) return methods.front();
    if (wanted >= 1 && wanted <= n) return methods[static_cast<std::size_t>(wanted - 1)];
    if (n == 0) throw Error(ErrorCode::file_error, "there are no results in " + path);
    std::string known;
    for (int i = 1; i <= n; ++i)
        known += "; " + std::to_string(i) + ": " + methods[static_cast<std::size_t>(i - 1)].name;
    throw Error(ErrorCode::invalid_argument,
                path + " has several methods, choose one with " + option + known);
}

std::string row(const Difference& difference) {
    char line[160];
    std::snprintf(line, sizeof line, " | %d | %.2f | %.2f | %+.2f | %+.2f to %+.2f |\n",
                  difference.n_items, 100 * difference.a, 100 * difference.b,
                  100 * (difference.b - difference.a), 100 * difference.low, 100 * difference.high);
    return "| " + difference.group + line;
}

std::string table(const MethodResults& a, const MethodResults& b,
                  const std::vector<Difference>& differences) {
    std::string text = "A: " + a.name + "\nB: " + b.name + "\n\n";
    text += "| " + a.experiment + " | items | A | B | B - A | 95 % |\n|---|---|---|---|---|---|\n";
    for (const Difference& difference : differences) text += row(difference);
    return text;
}

std::string as_json(const MethodResults& a, const MethodResults& b,
                    const std::vector<Difference>& differences) {
    eval::Results::Json json = {{"experiment", a.experiment}, {"a", a.name}, {"b", b.name}};
    for (const Difference& each : differences) {
        json["groups"].push_back({{"group", each.group},
                                  {"items", each.n_items},
                                  {"a", each.a},
                                  {"b", each.b},
                                  {"difference", each.b - each.a},
                                  {"low", each.low},
                                  {"high", each.high}});
    }
    return eval::to_line(json) + '\n';
}

void run_compare(const CompareRun& run) {
    if (run.b.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there are no two files A and B to compare; see infinipot eval compare --help");
    }
    const MethodResults a = choose(run.a, run.method_a, "--method-a");
    const MethodResults b = choose(run.b, run.method_b, "--method-b");
    const std::vector<Difference> differences =
        eval::compare(a.items, b.items, run.n_samples, run.seed);
    if (a.experiment != b.experiment || differences.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "A and B have no item in common that both have a score for");
    }
    print(run.json ? as_json(a, b, differences) : table(a, b, differences));
}

}  // namespace

Command add_eval_compare(CLI::App& eval) {
    const auto run = std::make_shared<CompareRun>();
    CLI::App& app = *eval.add_subcommand(
        "compare", "Compares the scores of two methods, with bootstrap intervals");
    explain(app, examples, notes);
    app.add_option("a", run->a, "JSONL file of an experiment")
        ->type_name(file_values)
        ->option_text("A");
    app.add_option("b", run->b, "JSONL file of the same items with another method")
        ->type_name(file_values)
        ->option_text("B");
    add_count(app, "--method-a", run->method_a, 1, "Number of A's method, where A has several");
    add_count(app, "--method-b", run->method_b, 1, "Number of B's method, where B has several");
    add_count(app, "--samples", run->n_samples, 1, "Bootstrap samples [10000]");
    add_count(app, names::seed, run->seed, "Seed of the bootstrap [1]");
    app.add_flag("--json", run->json, "Print a JSON object instead of the table");
    return {&app, [run] { run_compare(*run); }};
}

}  // namespace infinipot::cli
