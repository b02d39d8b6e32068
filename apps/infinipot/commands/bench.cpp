#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bench_trial.h"
#include "commands/commands.h"
#include "eval/bench/table.h"
#include "eval/run/quantity.h"
#include "eval/run/results.h"
#include "eval/text/endless_text.h"
#include "eval/text/text_files.h"
#include "eval_session.h"
#include "infinipot/infinipot.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "report/report.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"
#include "terminal/progress_bar.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* examples = R"(Examples:
  infinipot bench
      a minute or so: how fast the program reads and writes here

  infinipot bench --policy infinipot --policy h2o --capacity 512,1024 --length 2048 --out b.jsonl
      four rows; killed and started again, it goes on

  infinipot bench --kv-type f16,q8_0,q4_0 --capacity 2048
      what smaller numbers in the pot cost

  infinipot bench --depth 0,8192,32768 --length 512
      how fast 512 tokens are read when so many have been read before

Columns: tokens read and written per second; of the time of reading, the shares of catalyst,
novelty (surprisal), selection and gathering; TTFT, from the question to its first token; the
bytes of the pot; the most memory held during the row, the model's included. GFLOP/s is the
arithmetic of the text's tokens over all the time of reading, GB/s the weights and entries that
each written token needs. The first lines say what the machine was measured to do with as many
threads, to compare them with.)";

struct BenchRun {
    std::vector<std::string> policies;
    std::vector<int>
        capacities;  ///< none: default_capacity, or the model's window if it is smaller
    std::vector<int> depths = {0};
    std::vector<int> lengths = {512, 1536};
    std::vector<std::string> kv_types;
    std::vector<int> batches;
    std::vector<int> threads;
    std::string file = "samples/sherlock-holmes.txt";
    int n_written = 32;
    int n_repeat = 1;
    std::string out;
    bool json = false;
    SessionFlags flags;
};

constexpr int default_capacity = 1024;
constexpr std::string_view question = "What is this text about?";

// --- The grid ---------------------------------------------------------------------------------

/// A row of the table to be.
struct Row {
    SessionOptions options;
    std::size_t depth = 0;   ///< tokens
    std::size_t length = 0;  ///< tokens
    Json described = {};     ///< all settings that decide the result, and the id made of them
};

/// Every row with every value; as they were if there are none.
template <typename T, typename Set>
void cross(std::vector<Row>& rows, const std::vector<T>& values, Set set) {
    if (values.empty()) return;
    std::vector<Row> crossed;
    for (const Row& row : rows) {
        for (const T& value : values) set(crossed.emplace_back(row), value);
    }
    rows = std::move(crossed);
}

std::vector<Row> grid(const BenchRun& run) {
    SessionOptions options = session_options(run.flags, {std::string(question)});
    if (options.focus == SessionOptions::automatic) options.focus = 0;  // writing is timed with all
    std::vector<Row> rows = {{options}};
    cross(rows, run.policies,
          [](Row& row, const std::string& spec) { row.options.policy = make_policy(spec); });
    cross(rows, run.capacities, [](Row& row, int n) { row.options.budget.capacity = n; });
    cross(rows, run.kv_types,
          [](Row& row, const std::string& type) { row.options.kv_type = parse_kv_type(type); });
    cross(rows, run.depths, [](Row& row, int n) { row.depth = static_cast<std::size_t>(n); });
    cross(rows, run.lengths, [](Row& row, int n) { row.length = static_cast<std::size_t>(n); });
    cross(rows, run.batches, [](Row& row, int n) { row.options.n_batch = n; });
    cross(rows, run.threads, [](Row& row, int n) { row.options.n_threads = n; });
    return rows;
}

Json describe(const BenchRun& run, const Row& row, const Session& session) {
    Json settings = describe_session("bench", session, run.flags);
    settings["device"] = session.model().info().device;
    settings["kernels"] = kernels_word(session.model().info(), run.flags.model_options);
    settings["repack"] = run.flags.model_options.repack && session.model().info().device == "cpu";
    settings["file"] = run.file;
    settings["kv_type"] = to_string(session.options().kv_type);
    settings["depth"] = row.depth;
    settings["length"] = row.length;
    settings["batch"] = session.options().n_batch;
    settings["threads"] = session.options().n_threads;
    settings["generate"] = run.n_written;
    settings["repeat"] = run.n_repeat;
    settings["id"] = eval::to_line(settings);
    return settings;
}

/// Each once, whatever is asked for twice. A session of each tells what its automatic values are,
/// and refuses what makes no sense before anything is measured.
std::vector<Row> rows_of(const BenchRun& run, const Model& model) {
    std::vector<Row> rows;
    std::set<std::string> ids;
    for (Row& row : grid(run)) {
        row.described = describe(run, row, Session(model, row.options));
        row.options.n_threads = row.described["threads"];
        if (ids.insert(row.described["id"]).second) rows.push_back(std::move(row));
    }
    return rows;
}

BenchTrial trial_of(const BenchRun& run, const Row& row, const eval::EndlessText& text) {
    return {.options = row.options,
            .before = text.tokens(0, row.depth),
            .text = text.tokens(row.depth, row.length),
            .question = std::string(question),
            .n_written = run.n_written};
}

// --- Measuring --------------------------------------------------------------------------------

/// What a row is beside others, for people.
std::string title(const Row& row) {
    const Json& settings = row.described;
    return settings["policy"].get<std::string>() + ", pot " +
           settings["budget"]["capacity"].dump() + " of " + settings["kv_type"].get<std::string>() +
           ", depth " + std::to_string(row.depth) + ", length " + std::to_string(row.length) +
           ", batch " + settings["batch"].dump() + ", " +
           eval::count_text(settings["threads"].get<std::uint64_t>(), "thread");
}

/// A line of standard error for each row, with the time that the rows after it will take: as much
/// for a token as those before it took.
class BenchProgress {
   public:
    BenchProgress(const BenchRun& run, const std::vector<Row>& rows, const eval::Results& results)
        : n_written_(run.n_written), n_rows_(rows.size()) {
        for (const Row& row : rows) {
            if (results.find(row.described["id"])) {
                ++n_done_;
            } else {
                tokens_left_ += tokens(row);
            }
        }
        if (n_done_ > 0) std::fprintf(stderr, "%zu of %zu were done before\n", n_done_, n_rows_);
    }

    void done(const Row& row, const Json& result) {
        const std::string written =
            result.contains("decode_tokens_per_second")
                ? "; wrote " + eval::rate_text(result["decode_tokens_per_second"], 1)
                : "";
        tell(row, "read " + eval::rate_text(result["prefill_tokens_per_second"], 1) + written);
    }

    void skipped(const Row& row, const std::string& why) { tell(row, "skipped: " + why); }

    /// "3 of 27"
    std::string so_far() const {
        return std::to_string(n_done_) + " of " + std::to_string(n_rows_);
    }

   private:
    static constexpr double read_per_written = 4;  // a token takes about so many times as long

    double tokens(const Row& row) const {
        return static_cast<double>(row.depth + row.length) + read_per_written * n_written_;
    }

    void tell(const Row& row, const std::string& what) {
        ++n_done_;
        tokens_done_ += tokens(row);
        tokens_left_ -= tokens(row);
        const double seconds_left = watch_.seconds() * tokens_left_ / tokens_done_;
        const std::string left =
            n_done_ < n_rows_ ? "; " + eval::seconds_text(seconds_left) + " left" : "";
        std::fprintf(stderr, "%s: %s: %s%s\n", so_far().c_str(), title(row).c_str(), what.c_str(),
                     left.c_str());
    }

    int n_written_;
    std::size_t n_rows_;
    std::size_t n_done_ = 0;
    double tokens_left_ = 0;
    double tokens_done_ = 0;  ///< in this run
    Stopwatch watch_;
};

/// What was measured of the machine, once for each number of threads.
class Machines {
   public:
    const Json& on(int n_threads) {
        Json& known = measured_[n_threads];
        if (!known.is_null()) return known;
        const MachineSpeed speed = measure_machine(n_threads);
        known = {{"triad_gb_per_second", speed.triad_gb_per_second},
                 {"f32_gflops", speed.f32_gflops},
                 {"q8_0_gflops", speed.q8_0_gflops}};
        return known;
    }

   private:
    std::map<int, Json> measured_;
};

/// Lets weights come into memory, so that the first row is not slower than the others.
void warm_up(const Model& model, const Row& row) {
    Session session(model, row.options);
    const InterruptibleSession interruptible(session);
    session.ask(question, {.max_tokens = 2, .min_tokens = 2}).text();
}

Json measured(const BenchTrial& trial, const Model& model, int n_repeat) {
    std::vector<Json> all;
    for (int i = 0; i < n_repeat; ++i) {
        ProgressBar bar(trial.before.size() + trial.text.size(), false);
        bar.start();
        all.push_back(
            measure(model, trial, [&](const Progress& progress) { bar.update(progress); }));
    }
    return medians(all);
}

class Bench {
   public:
    Bench(const BenchRun& run, const Model& model, std::vector<Row> rows, eval::Results& results)
        : run_(run),
          model_(model),
          rows_(std::move(rows)),
          results_(results),
          progress_(run, rows_, results) {}

    /// Measures what the results lack.
    void run() {
        const bool all_known =
            std::ranges::all_of(rows_, [&](const Row& row) { return known(row); });
        if (all_known) return;
        const eval::EndlessText text(model_, eval::read_all(run_.file));
        warm_up(model_, rows_.front());
        for (const Row& row : rows_) {
            if (!known(row)) measure_row(row, text);
        }
    }

    /// Those that could be measured.
    std::vector<Json> results() const {
        std::vector<Json> found;
        for (const Row& row : rows_) {
            if (const auto result = results_.find(row.described["id"])) found.push_back(*result);
        }
        if (found.empty()) std::rethrow_exception(why_skipped_);
        return found;
    }

    std::string so_far() const { return progress_.so_far(); }

   private:
    bool known(const Row& row) const { return results_.find(row.described["id"]).has_value(); }

    /// What does not fit is said, and the others go on.
    void measure_row(const Row& row, const eval::EndlessText& text) {
        Json result = row.described;
        result["machine"] = machines_.on(row.options.n_threads);
        try {
            result.update(measured(trial_of(run_, row, text), model_, run_.n_repeat));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::does_not_fit) throw;
            why_skipped_ = std::current_exception();
            return progress_.skipped(row, error.what());
        }
        results_.add(result);
        progress_.done(row, result);
    }

    const BenchRun& run_;
    const Model& model_;
    std::vector<Row> rows_;
    eval::Results& results_;
    BenchProgress progress_;
    Machines machines_;
    std::exception_ptr why_skipped_;
};

void run_bench(BenchRun run) {
    const InterruptGuard interrupts;
    eval::Results results(run.out, eval::is_bench_row);
    const Model model = load_model(run.flags);
    if (run.capacities.empty()) {
        run.capacities = {std::min(default_capacity, model.info().n_ctx_train)};
    }
    Bench bench(run, model, rows_of(run, model), results);
    run_resumably(
        run.out, [&] { bench.run(); }, [&] { return bench.so_far(); });
    const std::vector<Json> rows = bench.results();
    print(run.json ? print_json(rows) : eval::bench_table(rows));
}

/// The options of a session that a grid takes several values of.
void add_grid_flags(CLI::App& app, BenchRun& run) {
    const std::string group = "Grid: commas or the option again for more values; every combination";
    for (const char* single : {"--policy", "--capacity", "--kv-type", "--batch", "--threads"}) {
        app.remove_option(app.get_option(single));
    }
    app.add_option("--policy", run.policies,
                   "Which entries survive: name:option=value,... [infinipot:novelty=0.5];\n"
                   "again for more policies")
        ->type_name("value")
        ->option_text("SPEC ...")
        ->group(group);
    add_counts(app, "--capacity", run.capacities, 1,
               "Entries of the pot [1024, or the model's window if that is less]")
        ->group(group);
    app.add_option("--kv-type", run.kv_types,
                   "How the pot stores numbers: f16, bf16, q8_0, q4_0 [f16]")
        ->type_name("value")
        ->option_text("TYPE ...")
        ->delimiter(',')
        ->group(group);
    add_counts(app, "--depth", run.depths, 0, "Tokens read before, untimed [0]")->group(group);
    add_counts(app, "--length", run.lengths, 1, "Tokens whose reading is timed [512 1536]")
        ->group(group);
    add_counts(app, "--batch", run.batches, 1, "Tokens per forward pass while reading [512]")
        ->group(group);
    add_counts(app, "--threads", run.threads, 1, "Threads [one per core, at most 8]")->group(group);
}

}  // namespace

Command add_bench(CLI::App& program) {
    const auto run = std::make_shared<BenchRun>();
    CLI::App& app =
        *program.add_subcommand("bench", "Measures how fast texts are read and answers written");
    app.footer(examples);
    add_model_flags(app, run->flags);
    app.add_option("-f,--file", run->file,
                   "Text to read, in UTF-8, again and again if it is shorter than\n"
                   "asked for [samples/sherlock-holmes.txt]")
        ->type_name("value")
        ->option_text("FILE");
    add_count(
        app, "--generate", run->n_written, 0,
        "Tokens to write after the first of an answer, to see how fast;\n0: no question [32]");
    add_count(app, "--repeat", run->n_repeat, 1, "Measurements per row, which tells medians [1]");
    app.add_option("--out", run->out, "JSONL file to append rows to, and to go on from")
        ->type_name("value")
        ->option_text("FILE");
    app.add_flag("--json", run->json, "Print a JSON array of rows instead of the table");
    add_session_flags(app, run->flags);
    add_grid_flags(app, *run);
    return {&app, [run] { run_bench(*run); }};
}

}  // namespace infinipot::cli
