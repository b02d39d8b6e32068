#include "text/grammar_automaton.h"

#include <algorithm>
#include <utility>

#include "infinipot/error.h"

namespace infinipot {

namespace {

// Costs of limit_work().
constexpr std::int64_t of_a_test = 10;
constexpr std::int64_t of_a_visit = 20;
constexpr std::int64_t of_a_frame = 200;

bool ends(const Grammar::Element& element) { return element.rule < 0 && element.set < 0; }

}  // namespace

GrammarAutomaton::GrammarAutomaton(const Grammar& grammar)
    : begins_(grammar.rules.size()), sets_(grammar.sets), root_(grammar.root), frames_(1) {
    for (std::size_t rule = 0; rule < grammar.rules.size(); ++rule) {
        for (const Grammar::Sequence& sequence : grammar.rules[rule].alternatives) {
            begins_[rule].push_back(static_cast<int>(elements_.size()));
            elements_.insert(elements_.end(), sequence.begin(), sequence.end());
            elements_.emplace_back();
        }
    }
}

void GrammarAutomaton::spend(std::int64_t amount) {
    work_left_ -= amount;
    if (work_left_ < 0) {
        throw Error(ErrorCode::invalid_argument,
                    "the grammar is too ambiguous: it can go on in too many ways");
    }
}

/// Returns the stack with the rest of a sequence, from `place` on, upon `below`.
int GrammarAutomaton::push(int place, int below) {
    if (ends(elements_[static_cast<std::size_t>(place)])) return below;
    const std::uint64_t key =
        static_cast<std::uint64_t>(place) << 32 | static_cast<unsigned>(below);
    const auto [found, is_new] = index_.try_emplace(key, static_cast<int>(frames_.size()));
    if (is_new) {
        spend(of_a_frame);
        frames_.push_back({.place = place, .below = below});
    }
    return found->second;
}

/// Appends the stacks with a character on top that `stack` becomes as its rules begin, but for
/// those that this round has come to.
void GrammarAutomaton::expand(int stack, Stacks& out) {
    todo_.assign(1, stack);
    while (!todo_.empty()) {
        spend(of_a_visit);
        const int top = todo_.back();
        todo_.pop_back();
        Frame& frame = frames_[static_cast<std::size_t>(top)];
        if (std::exchange(frame.visited, round_) == round_) continue;
        if (top == empty || elements_[static_cast<std::size_t>(frame.place)].set >= 0) {
            out.push_back(top);
            continue;
        }
        const int rule = elements_[static_cast<std::size_t>(frame.place)].rule;
        const int below = push(frame.place + 1, frame.below);  // invalidates frame
        for (const int begin : begins_[static_cast<std::size_t>(rule)])
            todo_.push_back(push(begin, below));
    }
}

GrammarAutomaton::Stacks GrammarAutomaton::start() {
    Stacks stacks;
    ++round_;
    for (const int begin : begins_[root_]) expand(push(begin, empty), stacks);
    return stacks;
}

/// Returns the stacks behind the character on top of `stack`.
const GrammarAutomaton::Stacks& GrammarAutomaton::after(int stack) {
    const auto at = static_cast<std::size_t>(stack);
    if (!frames_[at].has_after) {
        Stacks stacks;
        ++round_;
        expand(push(frames_[at].place + 1, frames_[at].below), stacks);
        frames_[at].after = std::move(stacks);
        frames_[at].has_after = true;
    }
    return frames_[at].after;
}

void GrammarAutomaton::step(const Stacks& stacks, CharacterSet::Range range, Stacks& next) {
    next.clear();
    int n_taken = 0;
    for (const int stack : stacks) {
        spend(of_a_test);
        if (stack == empty) continue;
        const int place = frames_[static_cast<std::size_t>(stack)].place;
        const int set = elements_[static_cast<std::size_t>(place)].set;
        if (!sets_[static_cast<std::size_t>(set)].intersects(range)) continue;
        const Stacks& more = after(stack);
        spend(static_cast<std::int64_t>(more.size()) * of_a_test);
        next.insert(next.end(), more.begin(), more.end());
        ++n_taken;
    }
    if (n_taken < 2) return;
    std::ranges::sort(next);
    next.erase(std::ranges::unique(next).begin(), next.end());
}

bool GrammarAutomaton::may_end(const Stacks& stacks) {
    return std::ranges::find(stacks, empty) != stacks.end();
}

void GrammarAutomaton::keep_only(Stacks& stacks) {
    constexpr int dropped = -1;
    std::vector<int> moved(frames_.size(), dropped);
    moved[empty] = empty;
    for (int stack : stacks) {
        for (; moved[static_cast<std::size_t>(stack)] == dropped;
             stack = frames_[static_cast<std::size_t>(stack)].below)
            moved[static_cast<std::size_t>(stack)] = empty;
    }
    std::vector<Frame> old(1);
    std::swap(old, frames_);
    index_.clear();
    for (std::size_t i = 1; i < old.size(); ++i) {
        if (moved[i] == dropped) continue;
        const int below = moved[static_cast<std::size_t>(old[i].below)];
        moved[i] = push(old[i].place, below);
    }
    for (int& stack : stacks) stack = moved[static_cast<std::size_t>(stack)];
}

}  // namespace infinipot
