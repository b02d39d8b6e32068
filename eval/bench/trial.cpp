#include "eval/bench/trial.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "eval/bench/peak_memory.h"
#include "eval/bench/work.h"
#include "eval/run/quantity.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

bool scores_all(const ResolvedOptions& options) {
    return options.measure_surprisal || options.policy->needs().surprisal;
}

/// Reads all of `text` and returns the operations that this takes.
ReadingWork read(Session& session, std::string_view text, const Host::OnProgress& on_progress) {
    ReadingWork work(session.model().info(), scores_all(session.options()));
    Stats last = session.stats();
    const IngestOptions options{.on_progress = [&](const Progress& progress) {
        const Stats now = session.stats();
        work.add(now.tokens_read - last.tokens_read, static_cast<std::uint64_t>(now.n_kv),
                 now.n_kv == last.n_kv && session.options().schedule == Schedule::per_token);
        last = now;
        on_progress(progress);
    }};
    session.ingest(text, options);
    session.flush(options);
    return work;
}

void add_reading(Json& row, const Stats& before, const Stats& after, double flop) {
    const double seconds = after.prefill_seconds - before.prefill_seconds;
    const auto n_tokens = after.tokens_read - before.tokens_read;
    row["tokens_before"] = before.tokens_read;
    row["tokens_read"] = n_tokens;
    row["tokens_left_out"] = after.tokens_left_out;
    row["distillations"] = after.distillations - before.distillations;
    row["n_kv"] = after.n_kv;
    row["prefill_seconds"] = seconds;
    row["prefill_tokens_per_second"] = rate(static_cast<double>(n_tokens), seconds);
    row["prefill_gflops"] = rate(flop * 1e-9, seconds);
    row["catalyst_share"] = rate(after.catalyst_seconds - before.catalyst_seconds, seconds);
    row["surprisal_share"] = rate(after.surprisal_seconds - before.surprisal_seconds, seconds);
    row["select_share"] = rate(after.select_seconds - before.select_seconds, seconds);
    row["gather_share"] = rate(after.gather_seconds - before.gather_seconds, seconds);
    row["graph_share"] = rate(after.graph_seconds - before.graph_seconds, seconds);
}

/// Times decode: the tokens of an answer after its first, which comes from reading the question.
void add_writing(Json& row, Session& session, const BenchTrial& trial) {
    Generation answer = session.ask(
        trial.question, {.max_tokens = trial.n_written + 1, .min_tokens = trial.n_written + 1});
    const Stats before = session.stats();
    answer.text();
    const Stats stats = session.stats();
    row["ttft_seconds"] = stats.ttft_seconds;
    const int n_written = answer.n_tokens() - 1;
    row["tokens_written"] = n_written;
    const double per_second = rate(n_written, stats.decode_seconds);
    row["decode_tokens_per_second"] = per_second;
    row["decode_graph_share"] =
        rate(stats.graph_seconds - before.graph_seconds, stats.decode_seconds);
    row["decode_gb_per_second"] =
        per_second * 1e-9 *
        bytes_per_token(session.model().info(), before.n_kv + n_written / 2.0,
                        stats.attended_entry_bytes);
}

void add_memory(Json& row, const Stats& stats, bool alone) {
    row["peak_n_kv"] = stats.peak_n_kv;
    row["pot_bytes"] = stats.pot_bytes;
    row["compute_bytes"] = stats.compute_bytes;
    row["peak_rss_bytes"] = peak_memory_bytes();
    row["peak_rss_is_of_row"] = alone ? 1 : 0;
}

}  // namespace

Json measure(const Model& model, const BenchTrial& trial, Host& host) {
    const bool alone = forget_peak_memory();
    Session session(model, trial.options);
    const auto watch = host.watch(session);
    const auto on_progress = host.begin_reading(trial.before.size() + trial.text.size());
    read(session, trial.before, on_progress);
    const Stats before = session.stats();
    const ReadingWork work = read(session, trial.text, on_progress);
    Json row;
    add_reading(row, before, session.stats(), work.flop());
    if (trial.n_written > 0) add_writing(row, session, trial);
    add_memory(row, session.stats(), alone);
    return row;
}

Json medians(const std::vector<Json>& measured) {
    Json row;
    for (const auto& [name, first] : measured.front().items()) {
        std::vector<double> values;
        values.reserve(measured.size());
        for (const Json& each : measured) values.push_back(each.at(name).get<double>());
        const double middle = median(std::move(values));
        if (first.is_number_integer()) {
            row[name] = static_cast<std::uint64_t>(middle);
        } else {
            row[name] = middle;
        }
    }
    return row;
}

}  // namespace infinipot::eval
