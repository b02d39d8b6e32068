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

/// A new policy is one more row here, beside its file and its line in policies.h.
const std::vector<Row>& rows() {
    static const std::vector<Row> table = {
        {{.name = "infinipot",
          .summary = "what the model found surprising, then what the catalyst prompt attends to",
          .source = "InfiniPot (EMNLP 2024), section 3.3",
          .cost = "the output matrix for every token and one catalyst pass per distillation",
          .options = {{"novelty", print_value(InfiniPotOptions{}.novelty),
                       "share of the room, 0 to 1, that goes to the highest surprisal"}}},
         [](const PolicySpec& spec) { return infinipot({.novelty = spec.number("novelty")}); }},
        {{.name = "streaming_llm",
          .summary = "the attention sinks at the start and the most recent entries",
          .source = "Xiao et al. 2024, arXiv 2309.17453",
          .cost = "nothing",
          .options = {{"sinks", print_value(StreamingLlmOptions{}.sinks),
                       "entries at the start that are always kept"}}},
         [](const PolicySpec& spec) { return streaming_llm({.sinks = spec.integer("sinks")}); }},
        {{.name = "full",
          .summary = "everything: a text that does not fit into the pot is an error",
          .source = "the full cache that every paper compares with",
          .cost = "nothing",
          .options = {}},
         [](const PolicySpec&) { return full(); }},
    };
    return table;
}

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
    std::vector<std::string> names;
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

std::vector<PolicyInfo> collect_infos() {
    std::vector<PolicyInfo> infos;
    for (const Row& row : rows()) infos.push_back(row.info);
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
