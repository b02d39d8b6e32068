#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

struct Row {
    PolicyInfo info;
    /// Gets a spec in which every option of `info` has a value.
    PolicyPtr (*make)(const PolicySpec& spec);
};

const PolicyOption value_norm_option = {
    "value_norm", "0", "attention times the norm of the value: 1 for L1, 2 for L2, 0 for none"};

PolicyOption sinks_option(int default_value) {
    return {"sinks", print_value(default_value), "entries at the start that are always kept"};
}

/// A new policy is one more row here, beside its file and its line in policies.h.
std::vector<Row> make_rows() {
    return {
        {{.name = "infinipot",
          .summary = "what the model found surprising, then what the catalyst prompt attends to",
          .source = "InfiniPot (EMNLP 2024), section 3.3",
          .cost = "the output matrix for every token and one catalyst pass per distillation",
          .options =
              {{"novelty", print_value(InfiniPotOptions{}.novelty),
                "share of the room, 0 to 1, that goes to the highest surprisal"},
               {"carried", "1", "1: survivors still compete by surprisal; 0: only new entries do"},
               {"catalyst", "1", "1: the catalyst prompt's attention; 0: the last token's"},
               {"shared", print_value(InfiniPotOptions{}.shared),
                "who keeps the same; 2: all layers, by the most attention of any head; 1: "
                "heads of a layer, by its sum; 0: nobody"},
               {"kernel", print_value(InfiniPotOptions{}.kernel),
                "entries over which the maximum of attention is taken: 0 for those of a sentence, "
                "else odd, 1 for none"},
               {"novelty_kernel", print_value(InfiniPotOptions{}.novelty_kernel),
                "entries over which surprisal is averaged: 0 for those of a sentence, else odd, 1 "
                "for none"},
               value_norm_option}},
         [](const PolicySpec& spec) {
             return infinipot({.novelty = spec.number("novelty"),
                               .carried = spec.flag("carried"),
                               .catalyst = spec.flag("catalyst"),
                               .shared = spec.integer("shared"),
                               .kernel = spec.integer("kernel"),
                               .novelty_kernel = spec.integer("novelty_kernel"),
                               .value_norm = spec.integer("value_norm")});
         }},
        {{.name = "streaming_llm",
          .summary = "the attention sinks at the start and the most recent entries",
          .source = "Xiao et al. 2024, arXiv 2309.17453",
          .cost = "nothing",
          .options = {sinks_option(StreamingLlmOptions{}.sinks)}},
         [](const PolicySpec& spec) { return streaming_llm({.sinks = spec.integer("sinks")}); }},
        {{.name = "swa",
          .summary = "the most recent entries: a sliding window",
          .source = "Mistral 7B v0.1, arXiv 2310.06825",
          .cost = "nothing",
          .options = {}},
         [](const PolicySpec&) { return swa(); }},
        {{.name = "h2o",
          .summary = "heavy hitters, which have received most attention so far, and recent entries",
          .source = "Zhang et al. 2023, arXiv 2306.14048",
          .cost = "attention probabilities of every token",
          .options = {{"recent", print_value(H2oOptions{}.recent),
                       "entries kept for being recent; -1: half of the room"},
                      value_norm_option}},
         [](const PolicySpec& spec) {
             return h2o(
                 {.recent = spec.integer("recent"), .value_norm = spec.integer("value_norm")});
         }},
        {{.name = "tova",
          .summary = "what the last token attends to, the same in all heads of a layer",
          .source = "Oren et al. 2024, arXiv 2401.06104",
          .cost = "attention probabilities of one token each time",
          .options = {value_norm_option}},
         [](const PolicySpec& spec) { return tova({.value_norm = spec.integer("value_norm")}); }},
        {{.name = "sirllm",
          .summary = "sinks, what the model found surprising, and recent entries",
          .source = "SirLLM, Yao et al. (ACL 2024)",
          .cost = "the output matrix for every token",
          .options = {sinks_option(SirLlmOptions{}.sinks),
                      {"recent", print_value(SirLlmOptions{}.recent),
                       "entries kept for being recent"}}},
         [](const PolicySpec& spec) {
             return sirllm({.sinks = spec.integer("sinks"), .recent = spec.integer("recent")});
         }},
        {{.name = "snapkv",
          .summary = "what an observation window at the end attends to, pooled, and that window",
          .source = "Li et al. 2024, arXiv 2404.14469",
          .cost = "attention probabilities of the window each time",
          .options = {{"window", print_value(SnapKvOptions{}.window),
                       "last tokens, which observe and are kept"},
                      {"kernel", print_value(SnapKvOptions{}.kernel),
                       "entries over which attention is pooled; odd, 1 for none"},
                      {"pooling", "average", "average or maximum"},
                      value_norm_option}},
         [](const PolicySpec& spec) {
             const bool average = spec.choice("pooling", {"average", "maximum"}) == "average";
             return snapkv({.window = spec.integer("window"),
                            .kernel = spec.integer("kernel"),
                            .pooling = average ? Pooling::average : Pooling::maximum,
                            .value_norm = spec.integer("value_norm")});
         }},
        {{.name = "truncate",
          .summary = "the first and the last half of what fits; the middle is not read",
          .source = "LongBench, arXiv 2308.14508",
          .cost = "nothing",
          .options = {}},
         [](const PolicySpec&) { return truncate(); }},
        {{.name = "self_extend",
          .summary = "everything, with positions that distant entries share in groups",
          .source = "Jin et al. 2024, arXiv 2401.01325",
          .cost = "two products of queries and keys, in small batches",
          .options = {{"group", print_value(SelfExtendOptions{}.group),
                       "distant tokens that share a position"},
                      {"neighbours", print_value(SelfExtendOptions{}.neighbours),
                       "distance up to which positions are exact"}},
          .bounded = false},
         [](const PolicySpec& spec) {
             return self_extend(
                 {.group = spec.integer("group"), .neighbours = spec.integer("neighbours")});
         }},
        {{.name = "full",
          .summary = "everything: a text that does not fit into the pot is an error",
          .source = "the full cache that every paper compares with",
          .cost = "nothing",
          .options = {},
          .bounded = false},
         [](const PolicySpec&) { return full(); }},
        {{.name = "keydiff",
          .summary = "the keys least like the others of their head",
          .source = "Park et al. 2025, arXiv 2504.15364",
          .cost = "one look at all keys each time",
          .options = {sinks_option(KeyDiffOptions{}.sinks)}},
         [](const PolicySpec& spec) { return keydiff({.sinks = spec.integer("sinks")}); }},
        {{.name = "expected_attention",
          .summary = "what queries like those seen are expected to attend to",
          .source = "Devoto et al. 2025, arXiv 2510.00636",
          .cost = "the covariance of queries for every batch, and their products with all keys "
                  "each time",
          .options = {sinks_option(ExpectedAttentionOptions{}.sinks),
                      {"epsilon", print_value(ExpectedAttentionOptions{}.epsilon),
                       "added to attention before it is weighted"},
                      {"value_norm", print_value(ExpectedAttentionOptions{}.value_norm),
                       value_norm_option.help}}},
         [](const PolicySpec& spec) {
             return expected_attention({.sinks = spec.integer("sinks"),
                                        .epsilon = spec.number("epsilon"),
                                        .value_norm = spec.integer("value_norm")});
         }},
        {{.name = "l2norm",
          .summary = "the keys of lowest norm",
          .source = "Devoto et al. 2024, arXiv 2406.11430",
          .cost = "one look at all keys each time",
          .options = {}},
         [](const PolicySpec&) { return l2norm(); }},
        {{.name = "random",
          .summary = "drawn by lot, anew each time: what any other policy must beat",
          .source = "none",
          .cost = "nothing",
          .options = {{"seed", print_value(RandomOptions{}.seed), "of the lots"}}},
         [](const PolicySpec& spec) { return random({.seed = spec.integer("seed")}); }},
    };
}

const std::vector<Row>& rows() {
    static const std::vector<Row> table = make_rows();
    return table;
}

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const Named& one : all) names.push_back(one.name);
    return names;
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// `did you mean "novelty"?`, or all that is known where nothing is near.
std::string hint(std::string_view word, const std::vector<std::string>& known,
                 const std::string& introduction) {
    if (known.empty()) return "it takes none";
    if (const auto meant = nearest(word, known)) return "did you mean \"" + *meant + "\"?";
    return introduction + ' ' + join(known);
}

const Row& find_row(const std::string& name) {
    const auto found = std::find_if(rows().begin(), rows().end(),
                                    [&](const Row& row) { return row.info.name == name; });
    if (found != rows().end()) return *found;
    throw Error(ErrorCode::invalid_argument,
                "there is no policy \"" + name + "\"; " +
                    hint(name, names_of(policies()), "the policies are"));
}

void refuse_unknown_options(const PolicySpec& spec, const PolicyInfo& info) {
    const std::vector<std::string> known = names_of(info.options);
    for (const PolicySpec::Option& option : spec.options()) {
        if (std::find(known.begin(), known.end(), option.name) != known.end()) continue;
        throw Error(ErrorCode::invalid_argument, "policy " + info.name + " has no option \"" +
                                                     option.name + "\"; " +
                                                     hint(option.name, known, "its options are"));
    }
}

PolicySpec with_defaults(const PolicySpec& spec, const PolicyInfo& info) {
    std::vector<PolicySpec::Option> options = spec.options();
    for (const PolicyOption& option : info.options) {
        if (!spec.has(option.name)) options.push_back({option.name, option.default_value});
    }
    return {spec.name(), std::move(options)};
}

std::string describe(const Needs& needs) {
    std::vector<std::string> words;
    switch (needs.attention) {
        case AttentionProbe::none:
            break;
        case AttentionProbe::catalyst:
            words.emplace_back("attention of the catalyst");
            break;
        case AttentionProbe::recent:
            words.emplace_back("attention of the last tokens");
            break;
        case AttentionProbe::accumulated:
            words.emplace_back("attention of all tokens");
            break;
    }
    const auto add = [&](bool needed, const char* word) {
        if (needed) words.emplace_back(word);
    };
    add(needs.surprisal, "surprisal");
    add(needs.position, "position in the stream");
    add(needs.sentences, "ends of sentences");
    add(needs.key_norm, "norms of keys");
    add(needs.value_norm != 0, "norms of values");
    add(needs.key_similarity, "similarity of keys");
    add(needs.expected_attention, "statistics of queries");
    return words.empty() ? "nothing" : join(words);
}

/// What the policy itself says completes its row.
PolicyInfo complete(const Row& row) {
    PolicyInfo info = row.info;
    const PolicyPtr policy = row.make(with_defaults(PolicySpec(info.name), info));
    info.needs = describe(policy->needs());
    info.schedule = to_string(policy->schedule());
    info.positions = to_string(policy->positions());
    info.bounded = info.bounded && policy->schedule() != Schedule::at_end;
    return info;
}

std::vector<PolicyInfo> collect_infos() {
    std::vector<PolicyInfo> infos;
    for (const Row& row : rows()) infos.push_back(complete(row));
    return infos;
}

}  // namespace

const std::vector<PolicyInfo>& policies() {
    static const std::vector<PolicyInfo> infos = collect_infos();
    return infos;
}

PolicyPtr make_policy(std::string_view text) {
    const PolicySpec spec = PolicySpec::parse(text);
    const Row& row = find_row(spec.name());
    refuse_unknown_options(spec, row.info);
    return row.make(with_defaults(spec, row.info));
}

}  // namespace infinipot
