#include "text/grammar_check.h"

#include <cstddef>
#include <cstdint>

#include "base/utf8.h"
#include "infinipot/error.h"
#include "text/grammar_parser.h"

namespace infinipot {

namespace {

constexpr std::size_t largest_bytes = 64 * 1024;
/// Of the calls with which libllama looks for left recursion, and of the places at which a text
/// may go on.
constexpr std::uint64_t most_paths = 10'000;

[[noreturn]] void refuse(const std::string& reason) {
    throw Error(ErrorCode::invalid_argument, "the grammar " + reason);
}

/// Examines which rules can begin with which.
class Beginnings {
   public:
    explicit Beginnings(const Grammar& grammar)
        : grammar_(grammar), nullable_(grammar.rules.size()), paths_(grammar.rules.size()) {
        find_nullable();
        order();
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

    /// Counts the paths below every rule, those first that others begin with (Kahn's algorithm).
    /// Rules that remain begin with themselves.
    void order() {
        const std::size_t n = grammar_.rules.size();
        std::vector<std::vector<std::size_t>> users(n);
        std::vector<std::size_t> n_missing(n), ready;
        for (std::size_t i = 0; i < n; ++i) {
            each_beginning(i, [&](std::size_t begun) {
                users[begun].push_back(i);
                ++n_missing[i];
            });
            if (n_missing[i] == 0) ready.push_back(i);
        }
        while (!ready.empty()) {
            const std::size_t i = ready.back();
            ready.pop_back();
            count_paths(i);
            for (const std::size_t user : users[i])
                if (--n_missing[user] == 0) ready.push_back(user);
        }
        for (std::size_t i = 0; i < n; ++i) {
            if (n_missing[i] > 0) refuse("has a rule that can begin with itself: " + name(i));
            for (const auto& sequence : grammar_.rules[i].alternatives) count_paths(i, sequence);
        }
    }

    /// Counts the paths below every place of a sequence.
    void count_paths(std::size_t i, const Grammar::Sequence& sequence) const {
        std::uint64_t n = 1;
        for (auto element = sequence.rbegin(); element != sequence.rend(); ++element) {
            const std::uint64_t behind = is_nullable(*element) ? n : 0;
            n = behind + (element->rule < 0 ? 1 : paths_[static_cast<std::size_t>(element->rule)]);
            if (n > most_paths) refuse("is too ambiguous in rule " + name(i));
        }
    }

    void count_paths(std::size_t i) {
        paths_[i] = grammar_.rules[i].alternatives.size();
        each_beginning(i, [&](std::size_t begun) { paths_[i] += paths_[begun]; });
        if (paths_[i] > most_paths) refuse("is too ambiguous at the beginning of rule " + name(i));
    }

    const std::string& name(std::size_t i) const { return grammar_.rules[i].name; }

    const Grammar& grammar_;
    std::vector<char> nullable_;
    std::vector<std::uint64_t> paths_;
};

}  // namespace

void check_grammar(std::string_view gbnf) {
    if (gbnf.size() > largest_bytes) refuse("has more than 64 KiB");
    require_utf8(gbnf, "the grammar");
    if (gbnf.find('\0') != std::string_view::npos) refuse("contains a zero byte");
    const Grammar grammar = parse_grammar(gbnf);
    Beginnings{grammar};
}

}  // namespace infinipot
