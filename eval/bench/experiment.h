#pragma once

#include <cstddef>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "eval/bench/grid.h"
#include "eval/run/host.h"
#include "eval/run/results.h"
#include "eval/text/endless_text.h"
#include "infinipot/infinipot.h"

/// Measures the rows of a grid one after the other.
namespace infinipot::eval {

/// Tells the host one line for each row, with the expected time of the rows that are left. Each
/// token is expected to take as long as those before it took.
class BenchProgress {
   public:
    BenchProgress(const BenchRun& run, const std::vector<BenchRow>& rows, const Results& results,
                  Host& host);

    void done(const BenchRow& row, const nlohmann::ordered_json& result);
    void skipped(const BenchRow& row, const std::string& why);

    /// Returns a text such as "3 of 27".
    std::string so_far() const;

   private:
    double tokens(const BenchRow& row) const;
    void tell(const BenchRow& row, const std::string& what);

    Host& host_;
    int n_written_;
    std::size_t n_rows_;
    std::size_t n_done_ = 0;
    double tokens_left_ = 0;
    double tokens_done_ = 0;  ///< tokens measured in this run
    Stopwatch watch_;
};

/// The speed of the machine for each number of threads. Each is measured once, when it is first
/// asked for.
class Machines {
   public:
    const nlohmann::ordered_json& on(int n_threads);

   private:
    std::map<int, nlohmann::ordered_json> measured_;
};

/// The measurements of one grid. All arguments of the constructor must outlive it.
class Bench {
   public:
    /// @throws as bench_rows()
    Bench(const BenchRun& run, const Model& model, Results& results, Host& host);

    /// Measures the rows that the results lack, and adds them to the results. Tells the host about
    /// a row that does not fit, and measures the others.
    /// @throws Error(interrupted) that says how many rows are done and whether a new run can
    /// continue
    void run();

    /// Returns the rows that could be measured, after run().
    /// @throws Error(does_not_fit) if there are none
    std::vector<nlohmann::ordered_json> results() const;

   private:
    void measure_all();
    bool known(const BenchRow& row) const;
    void measure_row(const BenchRow& row, const EndlessText& text);

    const BenchRun& run_;
    const Model& model_;
    Results& results_;
    Host& host_;
    std::vector<BenchRow> rows_;
    BenchProgress progress_;
    Machines machines_;
    std::exception_ptr why_skipped_;
};

}  // namespace infinipot::eval
