#include "eval/bench/grid.h"

#include <algorithm>
#include <set>
#include <utility>

#include "eval/run/provenance.h"
#include "eval/run/quantity.h"
#include "eval/run/results.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

/// Replaces each row by one row for each value. An empty list of values changes nothing.
template <typename T, typename Set>
void cross(std::vector<BenchRow>& rows, const std::vector<T>& values, Set set) {
    if (values.empty()) return;
    std::vector<BenchRow> crossed;
    for (const BenchRow& row : rows) {
        for (const T& value : values) set(crossed.emplace_back(row), value);
    }
    rows = std::move(crossed);
}

std::vector<int> capacities_of(const BenchRun& run, const Model& model) {
    if (!run.capacities.empty()) return run.capacities;
    return {std::min(BenchRun::default_capacity, model.info().n_ctx_train)};
}

std::vector<BenchRow> grid(const BenchRun& run, const Model& model) {
    SessionOptions options = session_options(run.method, {std::string(bench_question)});
    if (options.answer_budget.rule == AnswerBudget::automatic)
        options.answer_budget = {};  // decode is timed with all entries
    std::vector<BenchRow> rows = {{options}};
    cross(rows, run.policies,
          [](BenchRow& row, const std::string& spec) { row.options.policy = make_policy(spec); });
    cross(rows, capacities_of(run, model),
          [](BenchRow& row, int n) { row.options.budget.capacity = n; });
    cross(rows, run.kv_types, [](BenchRow& row, const std::string& type) {
        row.options.kv_type = parse_kv_type(type);
    });
    cross(rows, run.depths, [](BenchRow& row, int n) { row.depth = static_cast<std::size_t>(n); });
    cross(rows, run.lengths,
          [](BenchRow& row, int n) { row.length = static_cast<std::size_t>(n); });
    cross(rows, run.batches, [](BenchRow& row, int n) { row.options.n_batch = n; });
    cross(rows, run.threads, [](BenchRow& row, int n) { row.options.n_threads = n; });
    return rows;
}

Json describe(const BenchRun& run, const BenchRow& row, const Model& model,
              const ResolvedOptions& options) {
    Json settings = describe_session("bench", model, options, run.method);
    settings["device"] = model.info().device;
    settings["kernels"] = kernels_word(model.info(), run.method.model_options);
    settings["repack"] = run.method.model_options.repack && model.info().device == "cpu";
    settings["file"] = run.file;
    settings["kv_type"] = to_string(options.kv_type);
    settings["depth"] = row.depth;
    settings["length"] = row.length;
    settings["batch"] = options.n_batch;
    settings["threads"] = options.n_threads;
    settings["generate"] = run.n_written;
    settings["repeat"] = run.n_repeat;
    settings["id"] = to_line(settings);
    return settings;
}

}  // namespace

std::vector<BenchRow> bench_rows(const BenchRun& run, const Model& model) {
    std::vector<BenchRow> rows;
    std::set<std::string> ids;
    for (BenchRow& row : grid(run, model)) {
        const ResolvedOptions resolved = resolve(model, row.options);
        row.described = describe(run, row, model, resolved);
        row.options.n_threads = resolved.n_threads;
        if (ids.insert(row.described["id"]).second) rows.push_back(std::move(row));
    }
    return rows;
}

std::string title_of(const BenchRow& row) {
    const Json& settings = row.described;
    return settings["policy"].get<std::string>() + ", pot " +
           settings["budget"]["capacity"].dump() + " of " + settings["kv_type"].get<std::string>() +
           ", depth " + std::to_string(row.depth) + ", length " + std::to_string(row.length) +
           ", batch " + settings["batch"].dump() + ", " +
           count_text(settings["threads"].get<std::uint64_t>(), "thread");
}

}  // namespace infinipot::eval
