#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "text/grammar_parser.h"

namespace infinipot {

/// Follows a text through a grammar, character by character. A place in the text has a set of
/// stacks, one for each way in which the grammar can go on there: the element that comes next, and
/// below it the elements that follow when the rule ends. Equal stacks are one, however many ways
/// lead to them. libllama's sampler, which allows the same, follows every way on its own, and their
/// number can double with every character of a token.
class GrammarAutomaton {
   public:
    /// Indices of stacks, each once, in any order.
    using Stacks = std::vector<int>;

    /// grammar: of checked_grammar().
    explicit GrammarAutomaton(const Grammar& grammar);

    /// Limits the work until the next call: about the nanoseconds that it takes.
    void limit_work(std::int64_t amount) { work_left_ = amount; }

    /// Returns the stacks at the beginning of a text.
    /// @throws Error(invalid_argument) if that is more work than allowed.
    Stacks start();

    /// Sets `next` to the stacks behind a character of `range`, whichever is the one.
    /// @throws Error(invalid_argument) if that is more work than allowed.
    void step(const Stacks& stacks, CharacterSet::Range range, Stacks& next);

    /// Returns whether a text may end here.
    static bool may_end(const Stacks& stacks);

    /// Frees the memory of all stacks but these, and renumbers these.
    void keep_only(Stacks& stacks);

   private:
    static constexpr int empty = 0;  // the stack on which nothing is left

    struct Frame {
        int place = -1;     // index in elements_
        int below = empty;  // index in frames_
        int visited = 0;    // the last round that came to it
        bool has_after = false;
        Stacks after = {};  // the stacks behind its character, if has_after
    };

    int push(int place, int below);
    void expand(int stack, Stacks& out);
    const Stacks& after(int stack);
    void spend(std::int64_t amount);

    std::vector<Grammar::Element> elements_;  // of all sequences; an empty one ends each
    std::vector<std::vector<int>> begins_;    // [rule]: places of its sequences
    std::vector<CharacterSet> sets_;
    std::size_t root_ = 0;
    std::vector<Frame> frames_;                     // those below come first
    std::unordered_map<std::uint64_t, int> index_;  // of frames_, by place and below
    std::vector<int> todo_;
    int round_ = 0;
    std::int64_t work_left_ = 0;
};

}  // namespace infinipot
