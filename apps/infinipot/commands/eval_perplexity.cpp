#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/perplexity/experiment.h"
#include "eval/run/results.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "options/describe.h"
#include "options/experiment_flags.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot eval perplexity --file book.txt --length 30000 --last 2000 --out perplexity.jsonl
      measures how well the end of 30,000 tokens is predicted from the KV cache

  infinipot eval perplexity --file book.txt --policy streaming_llm --out perplexity.jsonl
      does the same with another policy; analysis/stream_plot.py plots both)";

constexpr const char* notes =
    R"(A line is appended to --out for each set of settings. A set that is there is not run again.)";

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
    CLI::App& app = *eval.add_subcommand("perplexity",
                                         "Measures how well a text is predicted from the KV cache");
    explain(app, examples, notes);
    add_model_flags(app, run->method);
    add_text_flag(app, run->file, "Text to read, in UTF-8");
    add_count(app, "--length", run->n_tokens, 1, "Tokens of the text to read [30000]");
    add_count(app, "--last", run->n_last, 1,
              "Tokens at the end with a perplexity of their own "
              "[2000]");
    add_count(app, "--bucket", run->bucket_tokens, 1, "Tokens per point of the curve [1000]");
    add_count(app, "-n,--generate", run->n_generated, 0,
              "Tokens to generate afterwards, to measure the speed [64]");
    add_out_flag(app, run->out, "JSONL file to append the result to");
    add_session_flags(app, run->method);
    return {&app, [run] { run_perplexity(*run); }};
}

}  // namespace infinipot::cli
