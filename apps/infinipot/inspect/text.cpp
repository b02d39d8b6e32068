#include "inspect/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <vector>

#include "base/printable.h"
#include "eval/run/quantity.h"
#include "eval/survival/summary.h"
#include "inspect/shades.h"

namespace infinipot::cli {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Returns a share as "43.1%".
std::string percent(double share) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.1f%%", 100 * share);
    return text.data();
}

std::string nats_text(double nats) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.2f", nats);
    return text.data();
}

std::string right(const std::string& text, std::size_t width) {
    return std::string(width - std::min(width, text.size()), ' ') + text;
}

constexpr std::size_t passage_tokens = 16;
constexpr std::size_t n_passages = 6;  // most kept, and as many least kept

struct Passage {
    std::size_t position = 0;
    double share = 0;  ///< mean share of its tokens
    double nats = 0;   ///< mean surprisal of its tokens
    std::string text = {};
};

Passage passage_at(const Inspection& inspection, const std::vector<double>& shares,
                   const std::vector<std::string>& pieces, std::size_t position) {
    Passage passage{.position = position};
    for (std::size_t at = position; at < position + passage_tokens; ++at) {
        passage.share += shares[at] / passage_tokens;
        passage.nats += static_cast<double>(inspection.nats()[at]) / passage_tokens;
        passage.text += printable_line(pieces[at]);
    }
    return passage;
}

/// Returns consecutive passages of the tokens that were distilled and are not protected.
std::vector<Passage> passages(const Inspection& inspection, const ResolvedBudget& budget) {
    const auto shares = inspection.shares();
    const auto pieces = inspection.pieces();
    const std::size_t n_recent = size(budget.protect_recent);
    const std::size_t end = shares.size() - std::min(n_recent, shares.size());
    std::vector<Passage> passages;
    for (std::size_t at = size(budget.protect_first); at + passage_tokens <= end;
         at += passage_tokens) {
        passages.push_back(passage_at(inspection, shares, pieces, at));
    }
    return passages;
}

std::string passage_line(const Passage& passage) {
    return right(percent(passage.share), 7) + right(nats_text(passage.nats), 7) +
           right(eval::count_text(passage.position), 10) + "  " + passage.text + "\n";
}

constexpr std::uint32_t most_rows = 12;

std::string totals(const Inspection& inspection, const ResolvedBudget& budget) {
    const eval::Survival& survival = *inspection.survival();
    const std::string read = "read " + eval::count_text(inspection.tokens().size(), "token") +
                             ", " + eval::count_text(survival.n_distillations(), "distillation");
    if (survival.n_distillations() == 0) {
        return read + ": all of it is in the KV cache; a smaller --capacity evicts some\n";
    }
    const auto retain = static_cast<std::uint64_t>(budget.retain);
    const auto left = survival.survivors(survival.n_distillations(), 0, 0).size();
    return read + " to " + eval::count_text(retain) + " entries" +
           (left == retain ? "" : ", the last to " + eval::count_text(left) + ",") + " of " +
           eval::count_text(static_cast<std::uint64_t>(survival.n_heads()), "head") + " (" +
           eval::count_text(static_cast<std::uint64_t>(survival.n_layer()), "layer") + " x " +
           std::to_string(survival.n_head_kv()) + ")\n";
}

std::string row(const eval::SurvivalSummary& summary) {
    return right(eval::count_text(summary.distillation), 6) +
           right(eval::count_text(static_cast<std::uint64_t>(summary.tokens_read)), 9) + " |" +
           right(percent(summary.kept_by_one), 7) + right(percent(summary.kept_by_any), 8) +
           right(percent(summary.kept_by_half), 8) + right(percent(summary.kept_by_all), 8) + " |" +
           right(nats_text(summary.nats_of_kept), 6) +
           right(nats_text(summary.nats_of_dropped), 7) + " |" +
           right(percent(summary.overlap_of_heads), 8) +
           right(percent(summary.overlap_of_layers), 8) + "\n";
}

constexpr const char* titles =
    " after   tokens |  share of tokens held by       | mean nats of | heads that agree\n"
    "            read |   each     any    half     all |  kept   gone |   layer  layers\n";

}  // namespace

std::string shaded_text(const Inspection& inspection) {
    const auto pieces = inspection.pieces();
    const auto shares = inspection.shares();
    std::string text = legend_of_shades(0) + "; plain: read since the last distillation\n\n";
    for (std::size_t at = 0; at < pieces.size(); ++at) {
        const std::string piece = printable(pieces[at]);
        text += at < shares.size() ? shaded(piece, shares[at]) : piece;
    }
    return text + "\n\n";
}

std::string passages_table(const Inspection& inspection, const ResolvedBudget& budget) {
    auto all = passages(inspection, budget);
    if (all.size() < 2 * n_passages) return {};
    std::ranges::stable_sort(all, std::ranges::greater(), &Passage::share);
    std::string text = "  share   nats  position  best kept passages\n";
    for (std::size_t i = 0; i < n_passages; ++i) text += passage_line(all[i]);
    text += "\n  share   nats  position  least kept passages\n";
    for (std::size_t i = n_passages; i > 0; --i) text += passage_line(all[all.size() - i]);
    return text + "\n";
}

std::string survival_table(const Inspection& inspection, const ResolvedBudget& budget) {
    const eval::Survival& survival = *inspection.survival();
    std::string text = totals(inspection, budget);
    if (survival.n_distillations() == 0) return text;
    text += std::string("\n") + titles;
    for (const auto k : eval::sample_of_distillations(survival, most_rows)) {
        text += row(eval::summarise(survival, inspection.nats(), k));
    }
    return text;
}

}  // namespace infinipot::cli
