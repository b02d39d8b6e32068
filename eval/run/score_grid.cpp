#include "eval/run/score_grid.h"

#include <cstdio>
#include <functional>

#include "eval/metrics/mean_per_cent.h"
#include "eval/run/quantity.h"

namespace infinipot::eval {
namespace {

constexpr const char* no_score = "-";

std::string two_decimals(double score) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", score);
    return text;
}

std::string row(const std::string& name, const std::vector<int>& lengths,
                const std::function<std::string(int length)>& cell) {
    char text[64];
    std::snprintf(text, sizeof text, "%-16s", name.c_str());
    std::string line = text;
    for (const int length : lengths) {
        std::snprintf(text, sizeof text, "%9s", cell(length).c_str());
        line += text;
    }
    return line + '\n';
}

}  // namespace

void ScoreGrid::add(const std::string& task, int length, double score) {
    scores_[{task, length}].push_back(score);
}

std::string ScoreGrid::score_text(const std::string& task, int length) const {
    const auto at = scores_.find({task, length});
    return at == scores_.end() ? no_score : two_decimals(mean_per_cent(at->second));
}

std::string ScoreGrid::mean_text(int length) const {
    double sum = 0;
    for (const std::string& task : tasks_) {
        const auto at = scores_.find({task, length});
        if (at == scores_.end()) return no_score;
        sum += mean_per_cent(at->second);
    }
    return two_decimals(sum / static_cast<double>(tasks_.size()));
}

std::string ScoreGrid::text(const std::string& title) const {
    std::string text = row(title, lengths_, [](int length) { return std::to_string(length); });
    for (const std::string& task : tasks_) {
        text += row(task, lengths_, [&](int length) { return score_text(task, length); });
    }
    text += row("mean", lengths_, [&](int length) { return mean_text(length); });
    if (n_errors_ > 0) text += count_text(n_errors_, "item") + " with an error and no score\n";
    return text;
}

}  // namespace infinipot::eval
