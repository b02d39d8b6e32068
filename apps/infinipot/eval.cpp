#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "eval/passkey.h"
#include "eval/results.h"
#include "infinipot/infinipot.h"
#include "interrupt.h"
#include "output.h"
#include "report.h"
#include "session_flags.h"

namespace infinipot::cli {
namespace {

using eval::PasskeySettings;
using Json = nlohmann::ordered_json;

constexpr const char* examples = R"(Examples:
  infinipot eval passkey --length 4096 --length 8192 --catalyst question --out passkey.jsonl
      hides three keys at three depths of two lengths; killed and started again, it goes on

  infinipot eval passkey --length 1024 --policy full
      what the model can do without forgetting

Lines are appended to --out, one for each key; analysis/passkey_table.py makes one table of them all.)";

struct PasskeyRun {
    std::vector<int> lengths;
    std::vector<double> depths = {0.1, 0.5, 0.9};
    int n_keys = 3;
    unsigned seed = 1;
    eval::PasskeyFormat format = eval::PasskeyFormat::landmark;
    std::string out;
    SessionFlags flags;
};

/// All settings that decide an item's result.
Json describe(const PasskeyRun& run, const Session& session, const PasskeySettings& item) {
    const SessionOptions& options = session.options();
    return {{"task", "passkey"},
            {"model", session.model().info().name},
            {"file_bytes", session.model().info().file_bytes},
            {"policy", options.policy->spec()},
            {"catalyst", run.flags.catalyst},
            {"positions", options.positions == Positions::reset ? "reset" : "keep"},
            {"framing", options.framing == Framing::chat ? "chat" : "raw"},
            {"budget", budget_json(session.budget())},
            {"format", item.format == eval::PasskeyFormat::landmark ? "landmark" : "llama.cpp"},
            {"length", item.length},
            {"depth", item.depth},
            {"key_index", item.key_index},
            {"seed", item.seed}};
}

/// The longest answer that is looked at: the key, and a few words before it.
constexpr int answer_tokens = 16;

Json retrieve(Session& session, Json result, const eval::Passkey& passkey) {
    session.ingest(passkey.text);
    const std::string answer =
        session.ask(passkey.question, {.sampling = {}, .max_tokens = answer_tokens}).text();
    const Stats stats = session.stats();
    result["key"] = passkey.key;
    result["answer"] = answer;
    result["found"] = eval::found_passkey(answer, passkey.key);
    result["tokens_read"] = stats.tokens_read;
    result["distillations"] = stats.distillations;
    result["prefill_seconds"] = stats.prefill_seconds;
    return result;
}

std::vector<PasskeySettings> items_of(const PasskeyRun& run) {
    std::vector<PasskeySettings> items;
    for (const int length : run.lengths) {
        for (const double depth : run.depths) {
            for (int key = 0; key < run.n_keys; ++key)
                items.push_back({run.format, length, depth, key, run.seed});
        }
    }
    return items;
}

std::string table(const std::vector<Json>& results) {
    std::map<std::pair<int, double>, std::pair<int, int>> found_of;  // {length, depth}: found, all
    for (const Json& result : results) {
        auto& [found, all] = found_of[{result["length"], result["depth"]}];
        found += result["found"].get<bool>() ? 1 : 0;
        ++all;
    }
    std::string text = "  length  depth   found\n";
    for (const auto& [where, count] : found_of) {
        char line[64];
        std::snprintf(line, sizeof line, "%8d %6.2f   %d of %d\n", where.first, where.second,
                      count.first, count.second);
        text += line;
    }
    return text;
}

void report_progress(const Json& result, std::size_t done, std::size_t n_items) {
    const double seconds = result["prefill_seconds"];
    std::fprintf(stderr, "%zu of %zu: length %d, depth %.2f, key %s: %s (%.0f tokens/s)\n", done,
                 n_items, result["length"].get<int>(), result["depth"].get<double>(),
                 result["key"].get<std::string>().c_str(),
                 result["found"].get<bool>() ? "found" : "not found",
                 result["tokens_read"].get<double>() / seconds);
}

void run_passkey(const PasskeyRun& run) {
    if (run.lengths.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --length to test; see infinipot eval passkey --help");
    }
    const InterruptGuard interrupts;
    eval::Results results(run.out);
    const Model model = load_model(run.flags);
    const SessionOptions options =
        session_options(run.flags, {std::string(eval::passkey_question)});
    const std::vector<PasskeySettings> items = items_of(run);
    std::vector<Json> all;
    for (const PasskeySettings& item : items) {
        interrupts.check();
        Session session(model, options);
        const InterruptibleSession interruptible(session);
        Json settings = describe(run, session, item);
        settings["id"] = settings.dump();
        const auto known = results.find(settings["id"]);
        all.push_back(known ? *known : retrieve(session, settings, eval::make_passkey(item)));
        if (!known) results.add(all.back());
        report_progress(all.back(), all.size(), items.size());
    }
    print(table(all));
}

Command add_passkey(CLI::App& eval) {
    const auto run = std::make_shared<PasskeyRun>();
    CLI::App& app = *eval.add_subcommand(
        "passkey", "Hides a number in a long text and asks for it (Mohtashami & Jaggi 2023)");
    app.footer(examples);
    add_model_flags(app, run->flags);
    app.add_option("--length", run->lengths, "Tokens of the text; again for more lengths");
    app.add_option("--depth", run->depths, "Where the key stands, 0 to 1 [0.1 0.5 0.9]");
    app.add_option("--keys", run->n_keys, "Keys per length and depth [3]");
    app.add_option("--key-seed", run->seed, "Seed of the keys [1]");
    const std::map<std::string, eval::PasskeyFormat> formats = {
        {"landmark", eval::PasskeyFormat::landmark}, {"llama.cpp", eval::PasskeyFormat::llama_cpp}};
    app.add_option("--format", run->format, "landmark or llama.cpp [landmark]")
        ->transform(CLI::CheckedTransformer(formats).description(""))
        ->option_text("WORD");
    app.add_option("--out", run->out, "JSONL file to append results to, and to go on from");
    add_session_flags(app, run->flags);
    return {&app, [run] { run_passkey(*run); }};
}

}  // namespace

Command add_eval(CLI::App& program) {
    CLI::App& app = *program.add_subcommand("eval", "Runs the experiments of the paper");
    app.require_subcommand(1);
    const auto passkey = std::make_shared<Command>(add_passkey(app));
    return {&app, [passkey] { passkey->run(); }};
}

}  // namespace infinipot::cli
