#include <algorithm>
#include <cmath>

#include "support/reference.h"

// The selection and eviction of the reference.

namespace infinipot {
namespace {

/// Returns the first slot that is not kept, or the number of kept slots if there is none.
std::size_t first_gap(const std::vector<int>& slots) {
    std::size_t j = 0;
    while (j < slots.size() && slots[j] == static_cast<int>(j)) ++j;
    return j;
}

/// Rotates the keys again from slot `begin` to before `end`.
void rotate_anew(Reference::Head& head, std::size_t begin, std::size_t end) {
    for (std::size_t j = begin; j < end; ++j) head[j].source = head[j].key;
}

}  // namespace

Reference::Scores Reference::catalyst_attention(const std::vector<Token>& catalyst) {
    Scores mass = no_attention(n());
    const auto marked = marked_;
    mark();
    for (const Token token : catalyst) forward(token, &mass);
    take_back(static_cast<int>(catalyst.size()), logits_);
    marked_ = marked;
    return mass;
}

void Reference::take_back(int n, const Vector& logits) {
    for (auto* layers : {&pot_, &read_}) {
        for (auto& layer : *layers) {
            for (Head& head : layer) head.resize(head.size() - static_cast<std::size_t>(n));
        }
    }
    stream_position_ -= n;
    logits_ = logits;
    recurrences_ = marked_;
}

std::vector<int> Reference::select(const Vector& surprisal, const Vector& attention, int retain,
                                   int n_novel, int protect_first, int protect_recent) {
    const int n = static_cast<int>(surprisal.size());
    std::vector<int> kept;
    const auto is_kept = [&](int slot) { return std::ranges::find(kept, slot) != kept.end(); };
    const auto best = [&](const Vector& score) {  // of those not kept; a tie keeps the more recent
        int winner = -1;
        for (int slot = 0; slot < n; ++slot) {
            if (is_kept(slot)) continue;
            const auto at = static_cast<std::size_t>(slot);
            if (winner < 0 || score[at] >= score[static_cast<std::size_t>(winner)]) winner = slot;
        }
        return winner;
    };
    for (int slot = 0; slot < protect_first; ++slot) kept.push_back(slot);
    for (int slot = n - protect_recent; slot < n; ++slot) kept.push_back(slot);
    for (int i = 0; i < n_novel; ++i) kept.push_back(best(surprisal));
    while (static_cast<int>(kept.size()) < retain) kept.push_back(best(attention));
    std::ranges::sort(kept);
    return kept;
}

Reference::Kept Reference::distil(const std::vector<Token>& catalyst, const Settings& settings) {
    const Scores attention = catalyst_attention(catalyst);
    const int room = settings.retain - settings.protect_first - settings.protect_recent;
    const int n_novel = static_cast<int>(std::lround(settings.novelty * room));
    Kept kept;
    for (std::size_t il = 0; il < pot_.size(); ++il) {
        kept.emplace_back();
        for (std::size_t h = 0; h < pot_[il].size(); ++h) {
            Vector surprisal;
            for (const Entry& entry : pot_[il][h]) surprisal.push_back(entry.surprisal);
            kept.back().push_back(select(surprisal, attention[il][h], settings.retain, n_novel,
                                         settings.protect_first, settings.protect_recent));
        }
    }
    keep(kept);
    return kept;
}

/// Keeps the entries of `kept`, and rotates those behind the first slot that moves in any head
/// again.
void Reference::keep(const Kept& kept) {
    drop(kept);
    if (positions_.rule != Positions::reset) return;
    std::size_t first_moved = kept[0][0].size();
    for (const auto& layer : kept) {
        for (const auto& slots : layer) first_moved = std::min(first_moved, first_gap(slots));
    }
    for (auto& layer : pot_) {
        for (Head& head : layer) rotate_anew(head, first_moved, head.size());
    }
}

void Reference::let_one_go(const Kept& kept, int n_positions) {
    drop(kept);
    ++first_position_;
    const bool at_end = first_position_ + n() >= n_positions;
    for (std::size_t il = 0; il < pot_.size(); ++il) {
        for (std::size_t h = 0; h < pot_[il].size(); ++h) {
            Head& head = pot_[il][h];
            rotate_anew(head, 0, at_end ? head.size() : first_gap(kept[il][h]));
        }
    }
    if (at_end) first_position_ = 0;
}

void Reference::drop(const Kept& kept) {
    for (std::size_t il = 0; il < pot_.size(); ++il) {
        for (std::size_t h = 0; h < pot_[il].size(); ++h) {
            Head survivors;
            for (const int slot : kept[il][h])
                survivors.push_back(pot_[il][h][static_cast<std::size_t>(slot)]);
            pot_[il][h] = survivors;
        }
    }
}

}  // namespace infinipot
