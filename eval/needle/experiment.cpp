#include "eval/needle/experiment.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <tuple>
#include <utility>

#include "eval/run/prompt_session.h"
#include "eval/run/provenance.h"
#include "eval/run/quantity.h"
#include "eval/text/text_files.h"

namespace infinipot::eval {
namespace {

using Json = Experiment::Json;

constexpr std::size_t filler_bytes = 20'000;

constexpr std::pair<std::string_view, NeedleKind> kinds[] = {
    {"pass-key", NeedleKind::pass_key},
    {"magic-number", NeedleKind::magic_number},
    {"sandwich", NeedleKind::sandwich}};

constexpr int question_tokens = 64;  ///< most tokens of a question
constexpr int number_tokens = 24;    ///< most tokens of an answer that is a number
constexpr int sentence_tokens = 50;  ///< most tokens of the sandwich's answer, as in papers

int answer_tokens(NeedleKind kind) {
    return kind == NeedleKind::sandwich ? sentence_tokens : number_tokens;
}

std::string word(NeedleKind kind) {
    const auto second = [](const auto& each) { return each.second; };
    return std::string(std::ranges::find(kinds, kind, second)->first);
}

/// Returns the haystack with its needles. The haystack of each key begins where that of the key
/// before ended.
std::string write(const NeedleText& text, const Haystacks& haystacks, const Model& model) {
    int n_tokens = text.length;
    for (const Needle& needle : text.needles)
        n_tokens -= static_cast<int>(model.tokenize(needle.text).size());
    if (n_tokens < 1) {
        throw Error(ErrorCode::does_not_fit, "the needles alone take more than " +
                                                 count_text(text.length, "token") +
                                                 "; raise --length");
    }
    const std::string haystack = haystacks.at(text.haystack)
                                     .tokens(static_cast<std::size_t>(text.key_index) *
                                                 static_cast<std::size_t>(text.length),
                                             static_cast<std::size_t>(n_tokens));
    return text_of(text.needles.front(), hide(haystack, text.needles, depths_of(text)));
}

Json describe(const NeedleRun& run, const NeedleText& text, const Model& model,
              const ResolvedOptions& options) {
    Json settings = describe_session("needle", model, options, run.method);
    settings["mode"] = mode_of(options, run.method);
    settings["haystack"] = text.haystack;
    settings["kind"] = word(run.kind);
    settings["needles"] = run.n_needles;
    settings["length"] = text.length;
    if (text.depth) settings["depth"] = *text.depth;
    settings["key_index"] = text.key_index;
    settings["seed"] = run.seed;
    settings["id"] = to_line(settings);
    return settings;
}

void read_and_ask(Session& session, const NeedleText& text, const std::string& book, Host& host,
                  Json& result) {
    const auto watch = host.watch(session);
    read_text(session, book, host);
    double sum = 0;
    for (const Needle& needle : in_asking_order(text)) {
        const GenerateOptions options{.sampling = {},
                                      .max_tokens = answer_tokens(needle.kind),
                                      .answer_prefix = needle.beginning};
        const std::string answer = session.ask(prompt_of(needle), options).text();
        const double score = needle_score(needle, answer);
        result["wanted"].push_back(needle.answer);
        result["answers"].push_back(answer);
        result["scores"].push_back(score);
        sum += score;
    }
    result["score"] = sum / static_cast<double>(text.needles.size());
}

std::string name_of(const NeedleText& text) {
    char name[96];
    std::snprintf(name, sizeof name, "length %d, ", text.length);
    std::string result = text.haystack + ", " + name;
    if (text.depth) {
        std::snprintf(name, sizeof name, "depth %.2f, ", *text.depth);
        result += name;
    }
    return result + "key " + std::to_string(text.key_index);
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

using Place = std::tuple<std::string, int, double>;  ///< haystack, length and depth

std::string line_of(const Place& place, const Mean& mean) {
    const auto& [haystack, length, depth] = place;
    char cells[64];
    std::snprintf(cells, sizeof cells, "%8d ", length);
    std::string text = cells;
    std::snprintf(cells, sizeof cells, "%6.2f", depth);
    text += depth < 0 ? "spread" : cells;
    text += "  " + cell(mean);
    std::snprintf(cells, sizeof cells, " %6d  ", mean.n);
    text += cells + haystack;
    if (mean.errors > 0)
        text += ", " + count_text(static_cast<std::uint64_t>(mean.errors), "error");
    return text + '\n';
}

}  // namespace

std::span<const std::pair<std::string_view, NeedleKind>> needle_kinds() { return kinds; }

std::vector<NeedleText> needle_texts(const NeedleRun& run) {
    std::vector<std::optional<double>> depths(run.depths.begin(), run.depths.end());
    if (run.n_needles != 1) depths = {std::nullopt};
    std::vector<NeedleText> texts;
    for (const std::string& haystack : run.haystacks)
        for (const int length : run.lengths)
            for (const std::optional<double> depth : depths)
                for (int key = 0; key < run.n_keys; ++key)
                    texts.push_back({file_name(haystack), length, depth, key,
                                     make_needles(run.kind, run.n_needles, run.seed, key)});
    return texts;
}

std::vector<double> depths_of(const NeedleText& text) {
    if (text.depth) return {*text.depth};
    std::vector<double> depths;
    const auto n = static_cast<double>(text.needles.size());
    for (std::size_t i = 0; i < text.needles.size(); ++i)
        depths.push_back((static_cast<double>(i) + 0.5) / n);
    return depths;
}

std::vector<Needle> in_asking_order(const NeedleText& text) {
    std::vector<Needle> needles = text.needles;
    const auto n = static_cast<int>(needles.size());
    std::ranges::rotate(needles, needles.begin() + text.key_index * 3 % n);
    return needles;
}

/// The catalyst is the question followed by the beginning of its answer, because the model attends
/// from both.
SessionOptions needle_options(const NeedleRun& run, const NeedleText& text) {
    std::vector<std::string> questions;
    for (const Needle& needle : in_asking_order(text))
        questions.push_back(needle.question + needle.beginning);
    return prompt_options(run.method, questions);
}

Haystacks read_haystacks(const NeedleRun& run, const Model& model) {
    Haystacks haystacks;
    for (const std::string& path : run.haystacks) {
        std::string text =
            path == needle_filler ? repeated_sentences(filler_bytes) : read_all(path);
        const std::string name = file_name(path);
        if (!haystacks.emplace(name, EndlessText(model, std::move(text))).second) {
            throw Error(ErrorCode::invalid_argument,
                        "there are two haystacks named " + name +
                            ", and results tell them apart by name; rename one");
        }
    }
    return haystacks;
}

SessionOptions options_for(const NeedleRun& run, const NeedleText& text, const Model& model) {
    SessionOptions options = needle_options(run, text);
    raise_reserve(model, question_tokens + answer_tokens(run.kind), options);
    return options;
}

std::vector<ExperimentItem> needle_items(const NeedleRun& run, const std::vector<NeedleText>& texts,
                                         const Haystacks& haystacks, const Model& model,
                                         Host& host) {
    std::vector<ExperimentItem> items;
    if (texts.empty()) return items;
    const ResolvedOptions resolved = resolve(model, options_for(run, texts.front(), model));
    for (const NeedleText& text : texts) {
        items.push_back({.settings = describe(run, text, model, resolved),
                         .name = name_of(text),
                         .size = static_cast<double>(text.length),
                         .measure = [&run, &text, &haystacks, &model, &host](Json& result) {
                             const std::string book = write(text, haystacks, model);
                             Session session(model, options_for(run, text, model));
                             read_and_ask(session, text, book, host, result);
                             add_measurements(result, session, run.method);
                         }});
    }
    return each_once(std::move(items));
}

bool is_needle_result(const Json& result) {
    return has_score(result) && result.contains("scores") && result["scores"].is_array();
}

std::string needle_table(const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::map<Place, Mean> means;
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
    for (const auto& [place, mean] : means) text += line_of(place, mean);
    if (by_turn.size() > 1) {
        text += "in the order of the questions:";
        for (const Mean& mean : by_turn) text += cell(mean);
        text += '\n';
    }
    return text;
}

}  // namespace infinipot::eval
