#include "text/grammar_check.h"

#include <cstddef>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr std::size_t largest_bytes = 64 * 1024;

[[noreturn]] void refuse(const std::string& reason) {
    throw Error(ErrorCode::invalid_argument, "the grammar " + reason);
}

/// Examines which rules can begin with which.
class Beginnings {
   public:
    explicit Beginnings(const Grammar& grammar)
        : grammar_(grammar), nullable_(grammar.rules.size()) {
        find_nullable();
    }

    /// Takes away the rules that begin with none that is left, again and again (Kahn's algorithm).
    /// Those that remain can begin with themselves.
    void require_no_left_recursion() const {
        const std::size_t n = grammar_.rules.size();
        std::vector<std::vector<std::size_t>> users(n);
        std::vector<std::size_t> n_begun(n), ready;
        for (std::size_t i = 0; i < n; ++i) {
            each_beginning(i, [&](std::size_t begun) {
                users[begun].push_back(i);
                ++n_begun[i];
            });
            if (n_begun[i] == 0) ready.push_back(i);
        }
        while (!ready.empty()) {
            const std::size_t i = ready.back();
            ready.pop_back();
            for (const std::size_t user : users[i])
                if (--n_begun[user] == 0) ready.push_back(user);
        }
        for (std::size_t i = 0; i < n; ++i)
            if (n_begun[i] > 0)
                refuse("has a rule that can begin with itself: " + grammar_.rules[i].name);
    }

   private:
    bool is_nullable(const Grammar::Element& element) const {
        return element.rule >= 0 && nullable_[static_cast<std::size_t>(element.rule)];
    }

    /// Finds the rules that the empty text satisfies.
    void find_nullable() {
        for (bool changed = true; changed;) {
            changed = false;
            // A repetition's rules refer to the ones before them, others mostly to later ones.
            for (std::size_t i = grammar_.rules.size(); i-- > 0;) {
                if (nullable_[i] || !matches_nothing(grammar_.rules[i])) continue;
                nullable_[i] = changed = true;
            }
        }
    }

    bool matches_nothing(const Grammar::Rule& rule) const {
        for (const auto& sequence : rule.alternatives) {
            bool all = true;
            for (const auto& element : sequence) all = all && is_nullable(element);
            if (all) return true;
        }
        return false;
    }

    /// Calls use(rule) for every rule that `rule` can begin with, once for each place.
    template <typename Use>
    void each_beginning(std::size_t rule, Use use) const {
        for (const auto& sequence : grammar_.rules[rule].alternatives) {
            for (const auto& element : sequence) {
                if (element.rule >= 0) use(static_cast<std::size_t>(element.rule));
                if (!is_nullable(element)) break;
            }
        }
    }

    const Grammar& grammar_;
    std::vector<char> nullable_;
};

}  // namespace

Grammar checked_grammar(std::string_view gbnf) {
    if (gbnf.size() > largest_bytes) refuse("has more than 64 KiB");
    require_utf8(gbnf, "the grammar");
    if (gbnf.find('\0') != std::string_view::npos) refuse("contains a zero byte");
    Grammar grammar = parse_grammar(gbnf);
    Beginnings(grammar).require_no_left_recursion();
    return grammar;
}

}  // namespace infinipot
