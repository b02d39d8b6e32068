#include "text/grammar_parser.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr int deepest_nesting = 64;
constexpr int most_repetitions = 2000;  // libllama's own limit
constexpr std::size_t most_elements = 100'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

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
        if (!indices_.contains("root")) refuse("has no rule named root");
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
            while (!take("\"")) add_character(sequence);
        } else if (take("[")) {
            take("^");
            parse_class(sequence);
        } else if (take(".")) {
            count(1);
            sequence.push_back({});
        } else if (take("(")) {
            parse_group(sequence);
        } else if (is_word_char(peek())) {
            count(1);
            sequence.push_back({static_cast<int>(index_of(parse_name()))});
        } else if (peek() == '<' || peek() == '!') {
            refuse_here("has a token in angle brackets, which is not supported,");
        } else {
            return false;
        }
        return true;
    }

    void add_character(Grammar::Sequence& sequence) {
        parse_character();
        count(1);
        sequence.push_back({});
    }

    /// A class is one element here, of as many for libllama as it has characters.
    void parse_class(Grammar::Sequence& sequence) {
        Grammar::Sequence members;
        while (!take("]")) {
            add_character(members);
            if (peek() == '-' && !text_.substr(at_).starts_with("-]")) {
                ++at_;
                add_character(members);
            }
        }
        if (!members.empty()) sequence.push_back({});
        class_size_ = std::max(class_size_, members.size());
    }

    void parse_character() {
        if (at_end()) refuse_here("ends within a string or class");
        const char c = text_[at_++];
        if (c != '\\') {
            while (!at_end() && (peek() & 0xC0) == 0x80) ++at_;  // the rest of a UTF-8 character
            return;
        }
        const char kind = peek();
        if (!at_end()) ++at_;
        const int n_digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
        for (int i = 0; i < n_digits; ++i, ++at_)
            if (!is_hex(peek())) refuse_here("has an escape with too few hexadecimal digits");
        if (n_digits == 0 && std::string_view("trn\\\"[]-").find(kind) == std::string_view::npos)
            refuse_here("has an unknown escape");
    }

    void parse_group(Grammar::Sequence& sequence) {
        if (++depth_ > deepest_nesting) refuse_here("nests more than 64 groups");
        skip_space(true);
        auto alternatives = parse_alternatives();
        expect(")");
        --depth_;
        count(1);
        sequence.push_back({static_cast<int>(add_rule(std::move(alternatives)))});
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
        count((repeated.size() + class_size_) * static_cast<std::size_t>(times.least + n_optional));
        sequence.resize(item);
        for (int i = 0; i < times.least; ++i)
            sequence.insert(sequence.end(), repeated.begin(), repeated.end());
        std::optional<std::size_t> rule;
        for (int i = 0; i < n_optional; ++i) {
            Grammar::Sequence some = repeated;
            if (!times.most) rule = grammar_.rules.size();
            if (rule) some.push_back({static_cast<int>(*rule)});
            rule = add_rule({some, {}});
        }
        if (rule) sequence.push_back({static_cast<int>(*rule)});
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Grammar grammar_;
    std::map<std::string, std::size_t> indices_;
    std::string name_;  // of the rule that is parsed
    int depth_ = 0;
    std::size_t n_elements_ = 0;
    std::size_t class_size_ = 0;  // of the largest class
};

}  // namespace

Grammar parse_grammar(std::string_view gbnf) { return Parser(gbnf).parse(); }

}  // namespace infinipot
