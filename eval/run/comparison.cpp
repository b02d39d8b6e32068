#include "eval/run/comparison.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "eval/run/spelling.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;
using Keys = std::vector<std::string>;

/// An experiment with scores; a new one is one more row.
struct Experiment {
    std::string name;
    Keys group;  ///< keys of the group, whose items are averaged first
    Keys item;   ///< keys of the item within its group
    std::string score;
};

const std::vector<Experiment> experiments = {
    {"passkey", {"format", "length"}, {"depth", "key_index", "seed"}, "found"},
    {"needle", {"haystack", "kind", "needles", "length"}, {"depth", "key_index", "seed"}, "score"},
    {"instructions", {"haystack", "distillations_wanted"}, {"rule"}, "score"},
    {"ruler", {"dataset", "length"}, {"item", "haystack", "questions", "seed"}, "score"},
    {"longbench", {"dataset"}, {"item", "prompt"}, "score"},
};

/// The keys that identify a method, as describe_session() writes them. A result of longbench has
/// the requested budget instead of each item's.
const Keys method_keys = {"model",          "file_bytes",    "policy", "catalyst",   "schedule",
                          "positions",      "framing",       "budget", "mode",       "kv_type",
                          "sliding_window", "novelty_vocab", "focus",  "max_length", "asked"};

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string joined(const Json& result, const Keys& keys) {
    std::string text;
    for (const std::string& key : keys) {
        if (!result.contains(key)) continue;
        text += (text.empty() ? "" : ", ") + text_of(result[key]);
    }
    return text;
}

/// Returns a text that is equal for all results of one method.
std::string method_of(const Json& result) {
    return result.contains("method_id") ? text_of(result["method_id"])
                                        : joined(result, method_keys);
}

std::string name_of(const Json& result) {
    const char* budget = result.contains("asked") ? "asked" : "budget";
    std::string name = joined(result, {"policy", "mode", "catalyst", "schedule", "kv_type"});
    if (result.contains(budget) && result[budget].contains("capacity"))
        name += ", capacity " + text_of(result[budget]["capacity"]) + ", retain " +
                text_of(result[budget]["retain"]);
    if (result.contains(budget) && result[budget].contains("fill")) name += ", filled at the end";
    if (result.contains("focus")) name += ", focus " + text_of(result["focus"]);
    return name;
}

const Experiment* experiment_of(const Json& result) {
    if (!result.is_object() || !result.contains("task") || !result.contains("policy"))
        return nullptr;
    const auto found = std::ranges::find(experiments, text_of(result["task"]), &Experiment::name);
    return found == experiments.end() ? nullptr : &*found;
}

/// Returns whether a result has a score; one with an error has none.
bool has_score(const Json& result, const std::string& score) {
    return result.contains(score) && (result[score].is_number() || result[score].is_boolean());
}

double score_of(const Json& score) {
    return score.is_boolean() ? (score.get<bool>() ? 1 : 0) : score.get<double>();
}

/// The pairs {score of a, score of b} of a group.
using Pairs = std::vector<std::pair<double, double>>;

std::vector<std::pair<std::string, Pairs>> paired(const std::vector<ScoredItem>& a,
                                                  const std::vector<ScoredItem>& b) {
    std::map<std::pair<std::string, std::string>, double> score_of_b;
    for (const ScoredItem& item : b) score_of_b[{item.group, item.item}] = item.score;
    std::vector<std::pair<std::string, Pairs>> groups;
    for (const ScoredItem& item : a) {
        const auto other = score_of_b.find({item.group, item.item});
        if (other == score_of_b.end()) continue;
        auto group = std::ranges::find(groups, item.group, &std::pair<std::string, Pairs>::first);
        if (group == groups.end()) group = groups.insert(group, {item.group, {}});
        group->second.emplace_back(item.score, other->second);
    }
    return groups;
}

/// Returns the means of `n` samples of the differences.
std::vector<double> bootstrap(const std::string& group, const Pairs& pairs, int n, unsigned seed) {
    std::seed_seq seeds(group.begin(), group.end());
    std::vector<std::uint32_t> of_group(1);
    seeds.generate(of_group.begin(), of_group.end());
    std::mt19937 random(of_group.front() + seed);
    std::vector<double> means;
    for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (std::size_t drawn = 0; drawn < pairs.size(); ++drawn) {
            const auto& [a, b] = pairs[random() % pairs.size()];
            sum += b - a;
        }
        means.push_back(sum / static_cast<double>(pairs.size()));
    }
    return means;
}

/// Returns the difference with its bounds: percentiles 2.5 and 97.5 of the samples.
Difference with_bounds(Difference difference, std::vector<double> samples) {
    std::ranges::sort(samples);
    const auto at = [&](double share) {
        return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1) +
                                                0.5)];
    };
    difference.low = at(0.025);
    difference.high = at(0.975);
    return difference;
}

Difference means_of(const std::string& group, const Pairs& pairs) {
    Difference difference{group, static_cast<int>(pairs.size()), 0, 0, 0, 0};
    for (const auto& [a, b] : pairs) {
        difference.a += a / static_cast<double>(pairs.size());
        difference.b += b / static_cast<double>(pairs.size());
    }
    return difference;
}

Difference mean_of(const std::vector<Difference>& groups) {
    Difference difference{"mean", 0, 0, 0, 0, 0};
    for (const Difference& group : groups) {
        difference.n_items += group.n_items;
        difference.a += group.a / static_cast<double>(groups.size());
        difference.b += group.b / static_cast<double>(groups.size());
    }
    return difference;
}

}  // namespace

std::vector<MethodResults> read_methods(const std::filesystem::path& path) {
    std::ifstream in(path);
    if (!in) throw Error(ErrorCode::file_error, "cannot read " + path.string());
    std::vector<MethodResults> methods;
    std::map<std::string, std::size_t> index;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        Json result = Json::parse(line, nullptr, false);
        spell_as_today(result);
        const Experiment* experiment = experiment_of(result);
        if (!experiment) {
            throw Error(ErrorCode::file_error,
                        path.string() + ", line " + std::to_string(number) +
                            ": this is no result of an experiment that scores items");
        }
        const auto [at, is_new] =
            index.emplace(experiment->name + method_of(result), methods.size());
        if (is_new) methods.push_back({experiment->name, name_of(result), {}});
        if (!has_score(result, experiment->score)) continue;
        methods[at->second].items.push_back({joined(result, experiment->group),
                                             joined(result, experiment->item),
                                             score_of(result[experiment->score])});
    }
    return methods;
}

std::vector<Difference> compare(const std::vector<ScoredItem>& a, const std::vector<ScoredItem>& b,
                                int n_samples, unsigned seed) {
    std::vector<Difference> differences;
    std::vector<double> sum_of_samples(static_cast<std::size_t>(n_samples));
    for (const auto& [group, pairs] : paired(a, b)) {
        const std::vector<double> samples = bootstrap(group, pairs, n_samples, seed);
        std::ranges::transform(sum_of_samples, samples, sum_of_samples.begin(), std::plus<>());
        differences.push_back(with_bounds(means_of(group, pairs), samples));
    }
    if (differences.size() < 2) return differences;
    for (double& sum : sum_of_samples) sum /= static_cast<double>(differences.size());
    differences.push_back(with_bounds(mean_of(differences), std::move(sum_of_samples)));
    return differences;
}

}  // namespace infinipot::eval
