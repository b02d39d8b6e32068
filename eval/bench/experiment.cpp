#include "eval/bench/experiment.h"

#include <algorithm>
#include <utility>

#include "eval/bench/machine.h"
#include "eval/bench/trial.h"
#include "eval/run/quantity.h"
#include "eval/run/resumable.h"
#include "eval/text/text_files.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

BenchTrial trial_of(const BenchRun& run, const BenchRow& row, const EndlessText& text) {
    return {.options = row.options,
            .before = text.tokens(0, row.depth),
            .text = text.tokens(row.depth, row.length),
            .question = std::string(bench_question),
            .n_written = run.n_written};
}

/// Loads the weights into memory, so that the first row is not slower than the others.
void warm_up(const Model& model, const BenchRow& row, Host& host) {
    Session session(model, row.options);
    const auto watch = host.watch(session);
    session.ask(bench_question, {.max_tokens = 2, .min_tokens = 2}).text();
}

Json measured(const BenchTrial& trial, const Model& model, int n_repeat, Host& host) {
    std::vector<Json> all;
    for (int i = 0; i < n_repeat; ++i) all.push_back(measure(model, trial, host));
    return medians(all);
}

}  // namespace

BenchProgress::BenchProgress(const BenchRun& run, const std::vector<BenchRow>& rows,
                             const Results& results, Host& host)
    : host_(host), n_written_(run.n_written), n_rows_(rows.size()) {
    for (const BenchRow& row : rows) {
        if (results.find(row.described["id"])) {
            ++n_done_;
        } else {
            tokens_left_ += tokens(row);
        }
    }
    if (n_done_ > 0) host_.tell(so_far() + " were done before");
}

void BenchProgress::done(const BenchRow& row, const Json& result) {
    const std::string written = result.contains("decode_tokens_per_second")
                                    ? "; wrote " + rate_text(result["decode_tokens_per_second"], 1)
                                    : "";
    tell(row, "read " + rate_text(result["prefill_tokens_per_second"], 1) + written);
}

void BenchProgress::skipped(const BenchRow& row, const std::string& why) {
    tell(row, "skipped: " + why);
}

std::string BenchProgress::so_far() const {
    return std::to_string(n_done_) + " of " + std::to_string(n_rows_);
}

double BenchProgress::tokens(const BenchRow& row) const {
    constexpr double read_per_written = 4;  // cost of a generated token, in read ones
    return static_cast<double>(row.depth + row.length) + read_per_written * n_written_;
}

void BenchProgress::tell(const BenchRow& row, const std::string& what) {
    ++n_done_;
    tokens_done_ += tokens(row);
    tokens_left_ -= tokens(row);
    const double seconds_left = watch_.seconds() * tokens_left_ / tokens_done_;
    const std::string left = n_done_ < n_rows_ ? "; " + seconds_text(seconds_left) + " left" : "";
    host_.tell(so_far() + ": " + title_of(row) + ": " + what + left);
}

const Json& Machines::on(int n_threads) {
    Json& known = measured_[n_threads];
    if (!known.is_null()) return known;
    const MachineSpeed speed = measure_machine(n_threads);
    known = {{"triad_gb_per_second", speed.triad_gb_per_second},
             {"f32_gflops", speed.f32_gflops},
             {"q8_0_gflops", speed.q8_0_gflops}};
    return known;
}

Bench::Bench(const BenchRun& run, const Model& model, Results& results, Host& host)
    : run_(run),
      model_(model),
      results_(results),
      host_(host),
      rows_(bench_rows(run, model)),
      progress_(run, rows_, results, host) {}

void Bench::run() {
    run_resumably(
        run_.out, [&] { measure_all(); }, [&] { return progress_.so_far(); });
}

void Bench::measure_all() {
    const bool all_known =
        std::ranges::all_of(rows_, [&](const BenchRow& row) { return known(row); });
    if (all_known) return;
    const EndlessText text(model_, read_all(run_.file));
    warm_up(model_, rows_.front(), host_);
    for (const BenchRow& row : rows_) {
        if (!known(row)) measure_row(row, text);
    }
}

std::vector<Json> Bench::results() const {
    std::vector<Json> found;
    for (const BenchRow& row : rows_) {
        if (const auto result = results_.find(row.described["id"])) found.push_back(*result);
    }
    if (found.empty()) std::rethrow_exception(why_skipped_);
    return found;
}

bool Bench::known(const BenchRow& row) const {
    return results_.find(row.described["id"]).has_value();
}

void Bench::measure_row(const BenchRow& row, const EndlessText& text) {
    Json result = row.described;
    result["machine"] = machines_.on(*row.options.n_threads);
    try {
        result.update(measured(trial_of(run_, row, text), model_, run_.n_repeat, host_));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::does_not_fit) throw;
        why_skipped_ = std::current_exception();
        return progress_.skipped(row, error.what());
    }
    results_.add(result);
    progress_.done(row, result);
}

}  // namespace infinipot::eval
