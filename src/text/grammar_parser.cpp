#include "text/grammar_parser.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr int deepest_nesting = 64;
constexpr int most_repetitions = 2000;  // as libllama has it
constexpr std::size_t most_elements = 100'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/// A recursive descent through the text, as libllama's.
class Parser {
   public:
    explicit Parser(std::string_view text) : text_(text) {}

    Grammar parse() {
        skip_space(true);
        while (!at_end()) parse_rule();
        for (const auto& [name, index] : indices_)
            if (grammar_.rules[index].alternatives.empty())
                refuse("uses the rule " + name + " and does not define it");
        const auto root = indices_.find("root");
        if (root == indices_.end()) refuse("has no rule named root");
        grammar_.root = root->second;
        return std::move(grammar_);
    }

   private:
    bool at_end() const { return at_ == text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[at_]; }

    [[noreturn]] static void refuse(const std::string& reason) {
        throw Error(ErrorCode::invalid_argument, "the grammar " + reason);
    }

    [[noreturn]] void refuse_here(const std::string& reason) const {
        const auto line =
            1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
        refuse(reason + " in line " + std::to_string(line));
    }

    bool take(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    void expect(std::string_view word) {
        if (!take(word)) refuse_here("lacks " + std::string(word));
    }

    void skip_space(bool over_lines) {
        while (!at_end()) {
            const char c = peek();
            if (c == '#') {
                while (!at_end() && peek() != '\r' && peek() != '\n') ++at_;
            } else if (c == ' ' || c == '\t' || (over_lines && (c == '\r' || c == '\n'))) {
                ++at_;
            } else {
                return;
            }
        }
    }

    std::string parse_name() {
        const std::size_t begin = at_;
        while (is_word_char(peek())) ++at_;
        if (at_ == begin) refuse_here("lacks the name of a rule");
        return std::string(text_.substr(begin, at_ - begin));
    }

    std::size_t index_of(const std::string& name) {
        const auto [place, is_new] = indices_.try_emplace(name, grammar_.rules.size());
        if (is_new) grammar_.rules.push_back({name, {}});
        return place->second;
    }

    std::size_t add_rule(std::vector<Grammar::Sequence> alternatives) {
        grammar_.rules.push_back({name_, std::move(alternatives)});
        return grammar_.rules.size() - 1;
    }

    void count(std::size_t n) {
        n_elements_ += n;
        if (n_elements_ > most_elements) refuse("has more than 100,000 elements");
    }

    void parse_rule() {
        name_ = parse_name();
        skip_space(false);
        const std::size_t index = index_of(name_);
        expect("::=");
        skip_space(true);
        grammar_.rules[index].alternatives = {};
        auto alternatives = parse_alternatives();
        grammar_.rules[index].alternatives = std::move(alternatives);
        if (!at_end() && !take("\r\n") && !take("\r") && !take("\n"))
            refuse_here("has an unexpected '" + std::string(1, peek()) + "'");
        skip_space(true);
    }

    std::vector<Grammar::Sequence> parse_alternatives() {
        std::vector<Grammar::Sequence> alternatives = {parse_sequence()};
        while (take("|")) {
            skip_space(true);
            alternatives.push_back(parse_sequence());
        }
        return alternatives;
    }

    Grammar::Sequence parse_sequence() {
        Grammar::Sequence sequence;
        std::size_t last = 0;  // where the last item begins, which may be repeated
        while (true) {
            const std::size_t begin = sequence.size();
            if (parse_item(sequence)) {
                last = begin;
            } else if (const auto times = parse_repetition()) {
                if (last == sequence.size()) refuse_here("repeats nothing");
                repeat(sequence, last, *times);
            } else {
                return sequence;
            }
            skip_space(depth_ > 0);
        }
    }

    /// Appends a string, a class of characters, a group or a rule. Returns false if there is none.
    bool parse_item(Grammar::Sequence& sequence) {
        if (take("\"")) {
            while (!take("\"")) add(sequence, literal(parse_character()));
        } else if (take("[")) {
            parse_class(sequence);
        } else if (take(".")) {
            add(sequence, new_set({}, true));
        } else if (take("(")) {
            parse_group(sequence);
        } else if (is_word_char(peek())) {
            add(sequence, {.rule = static_cast<int>(index_of(parse_name()))});
        } else if (peek() == '<' || peek() == '!') {
            refuse_here("has a token in angle brackets, which is not supported,");
        } else {
            return false;
        }
        return true;
    }

    void add(Grammar::Sequence& sequence, Grammar::Element element) {
        count(1);
        sequence.push_back(element);
    }

    Grammar::Element new_set(std::vector<CharacterSet::Range> ranges, bool negated) {
        grammar_.sets.emplace_back(std::move(ranges), negated);
        return {.set = static_cast<int>(grammar_.sets.size()) - 1};
    }

    /// Returns the element of one character, which has one set wherever it occurs.
    Grammar::Element literal(char32_t character) {
        const auto [place, is_new] = literals_.try_emplace(character);
        if (is_new) place->second = new_set({{character, character}}, false);
        return place->second;
    }

    void parse_class(Grammar::Sequence& sequence) {
        const bool negated = take("^");
        std::vector<CharacterSet::Range> ranges;
        while (!take("]")) {
            const char32_t first = parse_character();
            const bool is_range = peek() == '-' && !text_.substr(at_).starts_with("-]");
            if (is_range) ++at_;
            ranges.push_back({first, is_range ? parse_character() : first});
        }
        if (!ranges.empty()) add(sequence, new_set(std::move(ranges), negated));
    }

    char32_t parse_character() {
        if (at_end()) refuse_here("ends within a string or class");
        if (take("\\")) return parse_escape();
        Utf8Decoder decoder;
        do decoder.step(static_cast<unsigned char>(text_[at_++]));
        while (!decoder.at_boundary());
        return decoder.characters().first;
    }

    char32_t parse_escape() {
        const char kind = peek();
        if (!at_end()) ++at_;
        if (kind == 'x') return parse_hex(2);
        if (kind == 'u') return parse_hex(4);
        if (kind == 'U') return parse_hex(8);
        if (kind == 't') return '\t';
        if (kind == 'r') return '\r';
        if (kind == 'n') return '\n';
        if (kind == '\0' || std::string_view("\\\"[]-").find(kind) == std::string_view::npos)
            refuse_here("has an unknown escape");
        return static_cast<char32_t>(kind);
    }

    char32_t parse_hex(std::size_t n_digits) {
        std::uint32_t value = 0;
        const std::string_view digits = text_.substr(at_, n_digits);
        const auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (error != std::errc() || stop != digits.data() + n_digits)
            refuse_here("has an escape with too few hexadecimal digits");
        at_ += n_digits;
        return value;
    }

    void parse_group(Grammar::Sequence& sequence) {
        if (++depth_ > deepest_nesting) refuse_here("nests more than 64 groups");
        skip_space(true);
        auto alternatives = parse_alternatives();
        expect(")");
        --depth_;
        add(sequence, {.rule = static_cast<int>(add_rule(std::move(alternatives)))});
    }

    struct Times {
        int least = 0;
        std::optional<int> most = {};
    };

    std::optional<Times> parse_repetition() {
        if (take("*")) return Times{0, {}};
        if (take("+")) return Times{1, {}};
        if (take("?")) return Times{0, 1};
        if (!take("{")) return std::nullopt;
        skip_space(depth_ > 0);
        Times times{parse_int(), {}};
        if (times.least > most_repetitions) refuse_here("repeats more than 2,000 times");
        times.most = times.least;
        if (take(",")) {
            skip_space(depth_ > 0);
            times.most.reset();
            if (is_digit(peek())) times.most = parse_int();
        }
        expect("}");
        if (times.most && *times.most < times.least)
            refuse_here("repeats at most fewer times than at least");
        if (times.most && *times.most > most_repetitions) times.most.reset();  // so does libllama
        return times;
    }

    int parse_int() {
        int value = 0;
        const char* const end = text_.data() + text_.size();
        const auto [stop, error] = std::from_chars(text_.data() + at_, end, value);
        if (error != std::errc() || value < 0) refuse_here("has no number where it repeats");
        at_ = static_cast<std::size_t>(stop - text_.data());
        skip_space(depth_ > 0);
        return value;
    }

    /// Writes the item at the end of `sequence` out `times`, with a rule for what is optional.
    void repeat(Grammar::Sequence& sequence, std::size_t item, const Times& times) {
        const Grammar::Sequence repeated(sequence.begin() + static_cast<long>(item),
                                         sequence.end());
        const int n_optional = times.most ? *times.most - times.least : 1;
        count(repeated.size() * static_cast<std::size_t>(times.least + n_optional));
        sequence.resize(item);
        for (int i = 0; i < times.least; ++i)
            sequence.insert(sequence.end(), repeated.begin(), repeated.end());
        std::optional<std::size_t> rule;
        for (int i = 0; i < n_optional; ++i) {
            Grammar::Sequence some = repeated;
            if (!times.most) rule = grammar_.rules.size();
            if (rule) some.push_back({.rule = static_cast<int>(*rule)});
            rule = add_rule({some, {}});
        }
        if (rule) sequence.push_back({.rule = static_cast<int>(*rule)});
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Grammar grammar_;
    std::map<std::string, std::size_t> indices_;
    std::map<char32_t, Grammar::Element> literals_;
    std::string name_;  // of the rule that is parsed
    int depth_ = 0;
    std::size_t n_elements_ = 0;
};

}  // namespace

Grammar parse_grammar(std::string_view gbnf) { return Parser(gbnf).parse(); }

}  // namespace infinipot
