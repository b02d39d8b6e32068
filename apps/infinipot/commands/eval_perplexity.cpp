#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/perplexity/experiment.h"
#include "eval/run/results.h"
#include "infinipot/infinipot.h"
#include "options/experiment_flags.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot eval perplexity --file book.txt --tokens 30000 --last 2000 --out perplexity.jsonl
      how well the end of 30,000 tokens is predicted from what a pot still holds

  infinipot eval perplexity --file book.txt --policy streaming_llm --out perplexity.jsonl
      the same for another policy; analysis/stream_plot.py plots all of them

A line is appended to --out for each set of settings; what is there already is not run again.)";

void run_perplexity(const eval::PerplexityRun& run) {
    if (run.file.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --file to read; see infinipot eval perplexity --help");
    }
    const SessionOptions options = eval::perplexity_options(run);
    TerminalHost host(TerminalHost::Bars::always);
    eval::Results results(run.out, eval::is_perplexity_result);
    const Model model = load_model(run.method);
    Session session(model, options);
    const auto settings = eval::describe_perplexity(run, session);
    if (const auto known = results.find(settings["id"])) {
        host.tell("this was measured before");
        return print(eval::perplexity_line(*known));
    }
    const auto result = eval::measure_perplexity(session, run, settings, host);
    results.add(result);
    print(eval::perplexity_line(result));
}

}  // namespace

Command add_eval_perplexity(CLI::App& eval) {
    const auto run = std::make_shared<eval::PerplexityRun>();
    CLI::App& app = *eval.add_subcommand(
        "perplexity", "Measures how well a text is predicted from what the pot still holds of it");
    app.footer(examples);
    add_model_flags(app, run->method);
    add_text_flag(app, run->file, "Text to read, in UTF-8");
    add_count(app, "--tokens", run->n_tokens, 1, "So many tokens of it [30000]");
    add_count(app, "--last", run->n_last, 1, "Tokens at the end that are told apart [2000]");
    add_count(app, "--bucket", run->bucket_tokens, 1, "Tokens per point of the curve [1000]");
    add_count(app, "--generate", run->n_generated, 0,
              "Tokens to write afterwards, to see how fast [64]");
    add_out_flag(app, run->out, "JSONL file to append the result to");
    add_session_flags(app, run->method);
    return {&app, [run] { run_perplexity(*run); }};
}

}  // namespace infinipot::cli
