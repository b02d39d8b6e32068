#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "eval/needle/needle.h"
#include "eval/run/quantity.h"
#include "eval/text/endless_text.h"
#include "eval/text/text_files.h"
#include "eval_session.h"
#include "experiment.h"
#include "infinipot/infinipot.h"
#include "options/option_types.h"
#include "options/reserve.h"
#include "options/session_flags.h"
#include "prompt_session.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using eval::Needle;
using eval::NeedleKind;
using Json = Experiment::Json;

constexpr const char* examples = R"(Examples:
  infinipot eval needle --length 4096 --length 8192 --out needle.jsonl
      hides three pass keys at three depths of a book; killed and started again, it goes on

  infinipot eval needle --haystack war_and_peace.txt --haystack filler --length 8192 \
      --catalyst question --out needle.jsonl
      in another book and in repeated sentences, the text being read for the question

  infinipot eval needle --length 8192 --kind magic-number --needles 10 --out needle.jsonl
      ten needles in one text and ten questions about it: is the fifth as good as the first?

Lines are appended to --out, one for each text; analysis/needle_table.py draws them.)";

constexpr const char* filler = "filler";  ///< the haystack of repeated sentences
constexpr int spread = -1;                ///< the depth of several needles

struct NeedleRun {
    std::vector<std::string> haystacks = {"samples/sherlock-holmes.txt"};
    std::vector<int> lengths;
    std::vector<double> depths = {0.1, 0.5, 0.9};
    NeedleKind kind = NeedleKind::pass_key;
    int n_needles = 1;
    int n_keys = 3;
    std::uint32_t seed = 1;
    std::string out;
    SessionFlags flags;
};

/// One text with its needles, and the questions about them in the order in which they are asked.
struct Text {
    std::string haystack;  ///< file name, or filler
    int length;            ///< tokens of haystack and needles
    double depth;          ///< of the needle; spread for several
    int key_index;
    std::vector<Needle> needles;  ///< in the order of the text
};

const std::vector<std::pair<std::string, NeedleKind>> kinds = {
    {"pass-key", NeedleKind::pass_key},
    {"magic-number", NeedleKind::magic_number},
    {"sandwich", NeedleKind::sandwich}};

std::string word(NeedleKind kind) {
    return std::ranges::find(kinds, kind, [](const auto& each) { return each.second; })->first;
}

std::vector<Text> texts_of(const NeedleRun& run) {
    const std::vector<double> depths =
        run.n_needles == 1 ? run.depths : std::vector<double>{spread};
    std::vector<Text> texts;
    for (const std::string& haystack : run.haystacks)
        for (const int length : run.lengths)
            for (const double depth : depths)
                for (int key = 0; key < run.n_keys; ++key)
                    texts.push_back({file_name(haystack), length, depth, key,
                                     eval::make_needles(run.kind, run.n_needles, run.seed, key)});
    return texts;
}

/// In the middle of as many equal parts as there are needles.
std::vector<double> depths_of(const Text& text) {
    if (text.depth != spread) return {text.depth};
    std::vector<double> depths;
    const auto n = static_cast<double>(text.needles.size());
    for (std::size_t i = 0; i < text.needles.size(); ++i)
        depths.push_back((static_cast<double>(i) + 0.5) / n);
    return depths;
}

/// Each text begins its questions at another needle, so that how early a question comes says
/// nothing about how deep its needle is.
std::vector<Needle> in_asking_order(const Text& text) {
    std::vector<Needle> needles = text.needles;
    const auto n = static_cast<int>(needles.size());
    std::ranges::rotate(needles, needles.begin() + text.key_index * 3 % n);
    return needles;
}

// --- The haystacks
// --------------------------------------------------------------------------------

constexpr std::size_t filler_bytes = 20'000;

using Haystacks = std::map<std::string, eval::EndlessText>;  ///< by name

Haystacks read_haystacks(const NeedleRun& run, const Model& model) {
    Haystacks haystacks;
    for (const std::string& path : run.haystacks) {
        std::string text =
            path == filler ? eval::repeated_sentences(filler_bytes) : eval::read_all(path);
        const std::string name = file_name(path);
        if (!haystacks.emplace(name, eval::EndlessText(model, std::move(text))).second) {
            throw Error(ErrorCode::invalid_argument,
                        "there are two haystacks named " + name +
                            ", and results tell them apart by name; rename one");
        }
    }
    return haystacks;
}

/// The haystack of another key goes on where that of the one before it ended.
std::string write(const Text& text, const Haystacks& haystacks, const Model& model) {
    int n_tokens = text.length;
    for (const Needle& needle : text.needles)
        n_tokens -= static_cast<int>(model.tokenize(needle.text).size());
    if (n_tokens < 1) {
        throw Error(ErrorCode::does_not_fit, "the needles alone take more than " +
                                                 eval::count_text(text.length, "token") +
                                                 "; raise --length");
    }
    const std::string haystack = haystacks.at(text.haystack)
                                     .tokens(static_cast<std::size_t>(text.key_index) *
                                                 static_cast<std::size_t>(text.length),
                                             static_cast<std::size_t>(n_tokens));
    return eval::text_of(text.needles.front(), eval::hide(haystack, text.needles, depths_of(text)));
}

// --- Items
// ----------------------------------------------------------------------------------------

constexpr int question_tokens = 64;  ///< at the most
constexpr int number_tokens = 24;    ///< the longest answer that is looked at
constexpr int sentence_tokens = 50;  ///< of the sandwich, as in KV cache papers

int answer_tokens(NeedleKind kind) {
    return kind == NeedleKind::sandwich ? sentence_tokens : number_tokens;
}

/// A question reads for what its answer's beginning will attend to as well.
SessionOptions asked_options(const NeedleRun& run, const Text& text) {
    std::vector<std::string> questions;
    for (const Needle& needle : in_asking_order(text))
        questions.push_back(needle.question + needle.beginning);
    return prompt_options(run.flags, questions);
}

SessionOptions options_for(const NeedleRun& run, const Text& text, const Model& model) {
    SessionOptions options = asked_options(run, text);
    raise_reserve(model, question_tokens + answer_tokens(run.kind), options);
    return options;
}

Json describe(const NeedleRun& run, const Text& text, const Session& session) {
    Json settings = describe_session("needle", session, run.flags);
    settings["mode"] = mode_of(session.options(), run.flags);
    settings["haystack"] = text.haystack;
    settings["kind"] = word(run.kind);
    settings["needles"] = run.n_needles;
    settings["length"] = text.length;
    if (text.depth != spread) settings["depth"] = text.depth;
    settings["key_index"] = text.key_index;
    settings["seed"] = run.seed;
    settings["id"] = eval::to_line(settings);
    return settings;
}

void read_and_ask(Session& session, const Text& text, const std::string& book, Json& result) {
    const InterruptibleSession interruptible(session);
    read_with_progress(session, book);
    double sum = 0;
    for (const Needle& needle : in_asking_order(text)) {
        const GenerateOptions options{.sampling = {},
                                      .max_tokens = answer_tokens(needle.kind),
                                      .answer_prefix = needle.beginning};
        const std::string answer = session.ask(eval::prompt_of(needle), options).text();
        const double score = eval::needle_score(needle, answer);
        result["wanted"].push_back(needle.answer);
        result["answers"].push_back(answer);
        result["scores"].push_back(score);
        sum += score;
    }
    result["score"] = sum / static_cast<double>(text.needles.size());
}

std::string name_of(const Text& text) {
    char name[96];
    std::snprintf(name, sizeof name, "length %d, ", text.length);
    std::string result = text.haystack + ", " + name;
    if (text.depth != spread) {
        std::snprintf(name, sizeof name, "depth %.2f, ", text.depth);
        result += name;
    }
    return result + "key " + std::to_string(text.key_index);
}

std::vector<ExperimentItem> items_of(const NeedleRun& run, const std::vector<Text>& texts,
                                     const Haystacks& haystacks, const Model& model) {
    std::vector<ExperimentItem> items;
    if (texts.empty()) return items;
    const Session any(model, options_for(run, texts.front(), model));  // tells its automatic values
    for (const Text& text : texts) {
        items.push_back({.settings = describe(run, text, any),
                         .name = name_of(text),
                         .size = static_cast<double>(text.length),
                         .measure = [&run, &text, &haystacks, &model](Json& result) {
                             const std::string book = write(text, haystacks, model);
                             Session session(model, options_for(run, text, model));
                             read_and_ask(session, text, book, result);
                             add_measurements(result, session, run.flags);
                         }});
    }
    return each_once(std::move(items));
}

// --- Results
// --------------------------------------------------------------------------------------

bool is_whole(const Json& result) {
    return has_score(result) && result.contains("scores") && result["scores"].is_array();
}

struct Mean {
    double sum = 0;
    int n = 0, errors = 0;

    void add(double value) {
        sum += value;
        ++n;
    }
};

std::string cell(const Mean& mean) {
    if (mean.n == 0) return "     -";
    char text[32];
    std::snprintf(text, sizeof text, "%6.1f", 100 * mean.sum / mean.n);
    return text;
}

/// A line for each haystack, length and depth; where there are several questions on one text, how
/// those that came first were answered, those that came second, and so on.
std::string table(const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::map<std::tuple<std::string, int, double>, Mean> means;
    std::vector<Mean> by_turn;
    for (const ExperimentItem& item : items) {
        const Json result = experiment.result_of(item);
        Mean& mean = means[{result["haystack"], result["length"], result.value("depth", -1.0)}];
        if (result.contains("error")) {
            ++mean.errors;
            continue;
        }
        mean.add(result["score"]);
        by_turn.resize(std::max(by_turn.size(), result["scores"].size()));
        for (std::size_t i = 0; i < result["scores"].size(); ++i)
            by_turn[i].add(result["scores"][i]);
    }
    std::string text = "  length  depth   score  texts  haystack\n";
    for (const auto& [where, mean] : means) {
        const auto& [haystack, length, depth] = where;
        char line[64];
        std::snprintf(line, sizeof line, "%8d ", length);
        text += line;
        std::snprintf(line, sizeof line, "%6.2f", depth);
        text += depth == spread ? "spread" : line;
        text += "  " + cell(mean);
        std::snprintf(line, sizeof line, " %6d  ", mean.n);
        text += line + haystack;
        if (mean.errors > 0)
            text += ", " + eval::count_text(static_cast<std::uint64_t>(mean.errors), "error");
        text += '\n';
    }
    if (by_turn.size() > 1) {
        text += "in the order of the questions:";
        for (const Mean& mean : by_turn) text += cell(mean);
        text += '\n';
    }
    return text;
}

void run_needle(const NeedleRun& run) {
    if (run.lengths.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --length to test; see infinipot eval needle --help");
    }
    Experiment experiment(run.out, is_whole);
    const std::vector<Text> texts = texts_of(run);
    asked_options(run, texts.front());  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.flags);
    const Haystacks haystacks = read_haystacks(run, model);
    const std::vector<ExperimentItem> items = items_of(run, texts, haystacks, model);
    experiment.run(items, score_text, run.flags.n_parallel);
    print(table(items, experiment));
}

}  // namespace

Command add_eval_needle(CLI::App& eval) {
    const auto run = std::make_shared<NeedleRun>();
    CLI::App& app = *eval.add_subcommand(
        "needle", "Hides facts in a book and asks for them, one or many in one text");
    app.footer(examples);
    add_model_flags(app, run->flags);
    app.add_option("--haystack", run->haystacks,
                   "Text in UTF-8 to hide them in, over and over if it is short, or filler\n"
                   "for repeated sentences; again for more [samples/sherlock-holmes.txt]")
        ->type_name("value")
        ->option_text("FILE");
    add_counts(app, "--length", run->lengths, 1, "Tokens of the text; again for more lengths");
    add_numbers(app, "--depth", run->depths, 0, 1,
                "Where the needle stands, 0 for the start, 1 for the end; again for\nmore depths "
                "[0.1 0.5 0.9]");
    add_choice(app, "--kind", run->kind, kinds,
               "pass-key: a number said twice; magic-number: one of a name, said once;\n"
               "sandwich: a sentence about San Francisco, scored by ROUGE-1 [pass-key]");
    add_count(app, "--needles", run->n_needles, 1,
              "Magic numbers in one text, evenly spread, each with its question [1]");
    add_count(app, "--keys", run->n_keys, 1, "Texts, and needles, per length and depth [3]");
    add_count(app, "--key-seed", run->seed, "Seed of the needles [1]");
    add_experiment_flags(app, run->out, run->flags);
    add_session_flags(app, run->flags);
    return {&app, [run] { run_needle(*run); }};
}

}  // namespace infinipot::cli
