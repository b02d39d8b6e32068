#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "commands/commands.h"
#include "eval/perplexity/perplexity.h"
#include "eval/run/quantity.h"
#include "eval/run/results.h"
#include "eval/text/beginning.h"
#include "eval/text/text_files.h"
#include "eval_session.h"
#include "infinipot/infinipot.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"
#include "terminal/progress_bar.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* examples = R"(Examples:
  infinipot eval perplexity --file book.txt --tokens 30000 --last 2000 --out perplexity.jsonl
      how well the end of 30,000 tokens is predicted from what a pot still holds

  infinipot eval perplexity --file book.txt --policy streaming_llm --out perplexity.jsonl
      the same for another policy; analysis/stream_plot.py plots all of them

A line is appended to --out for each set of settings; what is there already is not run again.)";

struct PerplexityRun {
    std::string file;
    int n_tokens = 30000;
    int n_last = 2000;
    int bucket_tokens = 1000;
    int n_generated = 64;
    std::string out;
    SessionFlags flags;
};

Json describe(const PerplexityRun& run, const Session& session) {
    Json settings = describe_session("perplexity", session, run.flags);
    settings["file"] = run.file;
    settings["tokens"] = run.n_tokens;
    settings["last"] = run.n_last;
    settings["bucket"] = run.bucket_tokens;
    settings["id"] = eval::to_line(settings);
    return settings;
}

/// Goes on writing behind the text, to see how fast; where entries never leave, as an answer, which
/// has room of its own.
void generate(Session& session, int n_tokens) {
    if (n_tokens == 0) return;
    const GenerateOptions options{.sampling = {}, .max_tokens = n_tokens};
    if (session.options().schedule == Schedule::before_reading) {
        session.ask("How does it go on?", options).text();
    } else {
        session.generate("", options).text();
    }
}

Json measure(Session& session, const PerplexityRun& run, std::string_view text, Json result,
             ProgressBar& bar) {
    eval::StreamPerplexity perplexity(run.bucket_tokens, run.n_last);
    bar.start();
    const IngestOptions options{.on_progress = [&](const Progress& progress) {
        const bool begins = progress.surprisal.size() == progress.tokens_read;
        perplexity.add(progress.surprisal.subspan(begins ? 1 : 0));  // nothing predicts the first
        bar.update(progress);
    }};
    session.ingest(text, options);
    session.flush(options);
    bar.clear();
    generate(session, run.n_generated);
    result["perplexity"] = perplexity.perplexity();
    result["perplexity_of_last"] = perplexity.perplexity_of_last();
    result["perplexity_of_buckets"] = perplexity.buckets();
    add_measurements(result, session, run.flags);
    return result;
}

bool is_whole(const Json& result) {
    return result.contains("perplexity_of_last") && result["perplexity_of_last"].is_number() &&
           result.contains("perplexity") && result["perplexity"].is_number();
}

void print_result(const Json& result) {
    char line[160];
    std::snprintf(line, sizeof line, "perplexity %.2f over all, %.2f over the last %d tokens\n",
                  result["perplexity"].get<double>(), result["perplexity_of_last"].get<double>(),
                  result["last"].get<int>());
    print(line);
}

Json measure_interruptibly(Session& session, const PerplexityRun& run, const Model& model,
                           Json settings) {
    const std::string book = eval::read_all(run.file);
    const std::string_view text =
        eval::beginning(model, book, static_cast<std::size_t>(run.n_tokens));
    ProgressBar bar(text.size(), false);
    const InterruptibleSession interruptible(session);
    try {
        return measure(session, run, text, std::move(settings), bar);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted) throw;
        throw Error(ErrorCode::interrupted,
                    "interrupted after " + eval::count_text(session.stats().tokens_read, "token") +
                        "; nothing was written");
    }
}

void run_perplexity(const PerplexityRun& run) {
    if (run.file.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --file to read; see infinipot eval perplexity --help");
    }
    if (run.flags.catalyst == "question") {
        throw Error(ErrorCode::invalid_argument,
                    "--catalyst question: nothing is asked here; choose general or your own words");
    }
    const InterruptGuard interrupts;
    eval::Results results(run.out, is_whole);
    SessionOptions options = session_options(run.flags, {});
    options.measure_surprisal = true;
    options.budget.fill = false;  // the end of a stream is like its middle
    options.focus = 0;            // and nothing is asked
    const Model model = load_model(run.flags);
    Session session(model, options);
    const Json settings = describe(run, session);
    if (const auto known = results.find(settings["id"])) {
        std::fputs("this was measured before\n", stderr);
        return print_result(*known);
    }
    const Json result = measure_interruptibly(session, run, model, settings);
    results.add(result);
    print_result(result);
}

}  // namespace

Command add_eval_perplexity(CLI::App& eval) {
    const auto run = std::make_shared<PerplexityRun>();
    CLI::App& app = *eval.add_subcommand(
        "perplexity", "Measures how well a text is predicted from what the pot still holds of it");
    app.footer(examples);
    add_model_flags(app, run->flags);
    app.add_option("-f,--file", run->file, "Text to read, in UTF-8")
        ->type_name("value")
        ->option_text("FILE");
    add_count(app, "--tokens", run->n_tokens, 1, "So many tokens of it [30000]");
    add_count(app, "--last", run->n_last, 1, "Tokens at the end that are told apart [2000]");
    add_count(app, "--bucket", run->bucket_tokens, 1, "Tokens per point of the curve [1000]");
    add_count(app, "--generate", run->n_generated, 0,
              "Tokens to write afterwards, to see how fast [64]");
    app.add_option("--out", run->out, "JSONL file to append the result to")
        ->type_name("value")
        ->option_text("FILE");
    add_session_flags(app, run->flags);
    return {&app, [run] { run_perplexity(*run); }};
}

}  // namespace infinipot::cli
