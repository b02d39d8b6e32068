#include "eval/perplexity/experiment.h"

#include <cstdio>
#include <string_view>
#include <utility>

#include "eval/perplexity/perplexity.h"
#include "eval/run/provenance.h"
#include "eval/run/quantity.h"
#include "eval/run/results.h"
#include "eval/text/beginning.h"
#include "eval/text/text_files.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

/// Generates behind the text, to measure the speed of decode. A policy that never evicts answers a
/// question instead, because an answer has room of its own.
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
             Host& host) {
    StreamPerplexity perplexity(run.bucket_tokens, run.n_last);
    const auto show = host.begin_reading(text.size());
    const IngestOptions options{.on_progress = [&](const Progress& progress) {
        const bool begins = progress.surprisal.size() == progress.tokens_read;
        perplexity.add(progress.surprisal.subspan(begins ? 1 : 0));  // nothing predicts the first
        show(progress);
    }};
    session.ingest(text, options);
    session.flush(options);
    generate(session, run.n_generated);
    result["perplexity"] = perplexity.perplexity();
    result["perplexity_of_last"] = perplexity.perplexity_of_last();
    result["perplexity_of_buckets"] = perplexity.buckets();
    add_measurements(result, session, run.method);
    return result;
}

}  // namespace

SessionOptions perplexity_options(const PerplexityRun& run) {
    if (run.method.catalyst == "question") {
        throw Error(ErrorCode::invalid_argument,
                    "--catalyst question: nothing is asked here; choose general or your own words");
    }
    SessionOptions options = session_options(run.method, {});
    options.measure_surprisal = true;
    options.budget.fill = false;  // the end of the stream is distilled like its middle
    options.answer_budget = {};   // the experiment asks no question
    return options;
}

Json describe_perplexity(const PerplexityRun& run, const Session& session) {
    Json settings = describe_session("perplexity", session.model(), session.options(), run.method);
    settings["file"] = run.file;
    settings["tokens"] = run.n_tokens;
    settings["last"] = run.n_last;
    settings["bucket"] = run.bucket_tokens;
    settings["id"] = to_line(settings);
    return settings;
}

Json measure_perplexity(Session& session, const PerplexityRun& run, Json settings, Host& host) {
    const std::string book = read_all(run.file);
    const std::string_view text =
        beginning(session.model(), book, static_cast<std::size_t>(run.n_tokens));
    const auto watch = host.watch(session);
    try {
        return measure(session, run, text, std::move(settings), host);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted) throw;
        throw Error(ErrorCode::interrupted, "interrupted after " +
                                                count_text(session.stats().tokens_read, "token") +
                                                "; nothing was written");
    }
}

bool is_perplexity_result(const Json& result) {
    return result.contains("perplexity_of_last") && result["perplexity_of_last"].is_number() &&
           result.contains("perplexity") && result["perplexity"].is_number();
}

std::string perplexity_line(const Json& result) {
    char line[160];
    std::snprintf(line, sizeof line, "perplexity %.2f over all, %.2f over the last %d tokens\n",
                  result["perplexity"].get<double>(), result["perplexity_of_last"].get<double>(),
                  result["last"].get<int>());
    return line;
}

}  // namespace infinipot::eval
