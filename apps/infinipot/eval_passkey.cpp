#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "commands.h"
#include "eval/passkey.h"
#include "eval/results.h"
#include "eval_session.h"
#include "infinipot/infinipot.h"
#include "interrupt.h"
#include "option_types.h"
#include "output.h"
#include "quantity.h"
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
    std::uint32_t seed = 1;
    eval::PasskeyFormat format = eval::PasskeyFormat::landmark;
    std::string out;
    SessionFlags flags;
};

/// One key to be found.
struct Item {
    PasskeySettings settings;
    Json described;  ///< all settings that decide the result, and the id made of them
};

Json describe(const PasskeyRun& run, const Session& session, const PasskeySettings& item) {
    Json settings = describe_session("passkey", session, run.flags);
    settings["format"] = item.format == eval::PasskeyFormat::landmark ? "landmark" : "llama.cpp";
    settings["length"] = item.length;
    settings["depth"] = item.depth;
    settings["key_index"] = item.key_index;
    settings["seed"] = item.seed;
    settings["id"] = eval::to_line(settings);
    return settings;
}

/// Each once, whatever is asked for twice. The session tells what its automatic values are.
std::vector<Item> items_of(const PasskeyRun& run, const Session& session) {
    std::vector<Item> items;
    std::set<std::string> ids;
    for (const int length : run.lengths) {
        for (const double depth : run.depths) {
            for (int key = 0; key < run.n_keys; ++key) {
                const PasskeySettings settings = {run.format, length, depth, key, run.seed};
                const Json described = describe(run, session, settings);
                if (ids.insert(described["id"]).second) items.push_back({settings, described});
            }
        }
    }
    return items;
}

/// The longest answer that is looked at: the key, and a few words before it.
constexpr int answer_tokens = 16;

Json retrieve(Session& session, const Item& item) {
    const eval::Passkey passkey = eval::make_passkey(item.settings);
    session.ingest(passkey.text);
    const std::string answer =
        session.ask(passkey.question, {.sampling = {}, .max_tokens = answer_tokens}).text();
    Json result = item.described;
    result["key"] = passkey.key;
    result["answer"] = answer;
    result["found"] = eval::found_passkey(answer, passkey.key);
    add_stats(result, session.stats());
    return result;
}

/// What is read back from a file of results: see table().
bool is_whole(const Json& result) {
    return result.contains("found") && result["found"].is_boolean();
}

std::string table(const std::vector<Item>& items, const eval::Results& results) {
    std::map<std::pair<int, double>, std::pair<int, int>> found_of;  // {length, depth}: found, all
    for (const auto& [settings, described] : items) {
        auto& [found, all] = found_of[{settings.length, settings.depth}];
        found += results.find(described["id"])->at("found").get<bool>() ? 1 : 0;
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

/// A line of standard error for each key, with the time that the keys after it will take: as much
/// for a token of their texts as those before it took.
class PasskeyProgress {
   public:
    PasskeyProgress(const std::vector<Item>& items, const eval::Results& results)
        : n_items_(items.size()) {
        for (const Item& item : items) {
            if (results.find(item.described["id"])) {
                ++n_done_;
            } else {
                tokens_left_ += item.settings.length;
            }
        }
        if (n_done_ > 0) std::fprintf(stderr, "%zu of %zu were done before\n", n_done_, n_items_);
    }

    void update(const Item& item, const Json& result) {
        ++n_done_;
        tokens_done_ += item.settings.length;
        tokens_left_ -= item.settings.length;
        std::fprintf(
            stderr, "%zu of %zu: length %d, depth %.2f, key %s: %s, %s%s\n", n_done_, n_items_,
            item.settings.length, item.settings.depth, result["key"].get<std::string>().c_str(),
            result["found"].get<bool>() ? "found" : "not found",
            rate_text(result["tokens_read"], result["prefill_seconds"]).c_str(),
            n_done_ < n_items_ ? (", " + seconds_text(seconds_left()) + " left").c_str() : "");
    }

    /// "3 of 27"
    std::string done() const { return std::to_string(n_done_) + " of " + std::to_string(n_items_); }

   private:
    double seconds_left() const { return watch_.seconds() * tokens_left_ / tokens_done_; }

    std::size_t n_items_;
    std::size_t n_done_ = 0;
    double tokens_left_ = 0;
    double tokens_done_ = 0;  ///< in this run
    Stopwatch watch_;
};

void retrieve_all(const Model& model, const SessionOptions& options, const std::vector<Item>& items,
                  eval::Results& results, PasskeyProgress& progress) {
    for (const Item& item : items) {
        if (results.find(item.described["id"])) continue;
        Session session(model, options);
        const InterruptibleSession interruptible(session);
        const Json result = retrieve(session, item);
        results.add(result);
        progress.update(item, result);
    }
}

void run_passkey(const PasskeyRun& run) {
    if (run.lengths.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --length to test; see infinipot eval passkey --help");
    }
    const InterruptGuard interrupts;
    eval::Results results(run.out, is_whole);
    const SessionOptions options =
        session_options(run.flags, {std::string(eval::passkey_question)});
    const Model model = load_model(run.flags);
    const std::vector<Item> items = items_of(run, Session(model, options));
    PasskeyProgress progress(items, results);
    run_resumably(
        run.out, [&] { retrieve_all(model, options, items, results, progress); },
        [&] { return progress.done(); });
    print(table(items, results));
}

}  // namespace

Command add_eval_passkey(CLI::App& eval) {
    const auto run = std::make_shared<PasskeyRun>();
    CLI::App& app = *eval.add_subcommand(
        "passkey", "Hides a number in a long text and asks for it (Mohtashami & Jaggi 2023)");
    app.footer(examples);
    add_model_flags(app, run->flags);
    add_counts(app, "--length", run->lengths, 1, "Tokens of the text; again for more lengths");
    add_numbers(app, "--depth", run->depths, 0, 1,
                "Where the key stands, 0 for the start, 1 for the end; again for\nmore depths "
                "[0.1 0.5 0.9]");
    add_count(app, "--keys", run->n_keys, 1, "Keys per length and depth [3]");
    add_count(app, "--key-seed", run->seed, "Seed of the keys [1]");
    add_choice(app, "--format", run->format,
               {{"landmark", eval::PasskeyFormat::landmark},
                {"llama.cpp", eval::PasskeyFormat::llama_cpp}},
               "landmark: lines of garbage; llama.cpp: one line [landmark]");
    app.add_option("--out", run->out, "JSONL file to append results to, and to go on from")
        ->type_name("value")
        ->option_text("FILE");
    add_session_flags(app, run->flags);
    return {&app, [run] { run_passkey(*run); }};
}

}  // namespace infinipot::cli
