#include "text/template_limits.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/memory_limit.h"
#include "text/chat_template.h"

// Hostile templates: each would crash the engine, or occupy it for hours, or need gigabytes.

namespace infinipot {
namespace {

std::string repeated(const std::string& text, int n) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
}

/// The limits but that of time, which a slow machine may exceed first.
constexpr TemplateLimits patient{.memory_bytes = 8 << 20, .time = std::chrono::minutes(10)};

/// Why a template is refused when its model is loaded, or nothing.
std::string refusal(const std::string& source, const TemplateLimits& limits = patient) {
    const MemoryLimit memory(std::size_t{512} << 20);
    try {
        const ChatTemplate chat_template(source, {}, limits);
        return "";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported_model);
        return error.what();
    }
}

const std::string text_of_two_to_the_30 =
    "{% set ns = namespace(s='aa') %}{% for i in range(29) %}{% set ns.s = ns.s ~ ns.s %}"
    "{% endfor %}";

struct Hostile {
    std::string name;
    std::string source;
};

void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

std::vector<Hostile> too_deep() {
    constexpr int n = 20'000;
    const std::string in_itself = "{% set a = [] %}{% set b = a.append(a) %}";
    const std::string tuples =
        "{% set ns = namespace(t=(1, 1)) %}{% for i in range(5000) %}{% set ns.t = (ns.t, 1) %}"
        "{% endfor %}";
    return {
        {"parentheses", "{{ " + repeated("(", n) + "1" + repeated(")", n) + " }}"},
        {"unclosed_parentheses", "{{ " + repeated("(", n)},
        {"arrays", "{{ " + repeated("[", n) + repeated("]", n) + " }}"},
        {"objects", "{{ " + repeated("{1:", n) + "1" + repeated("}", n) + " }}"},
        {"indices", "{{ " + repeated("a[", n) + "1" + repeated("]", n) + " }}"},
        {"arguments", "{{ " + repeated("f(", n) + "1" + repeated(")", n) + " }}"},
        {"calls", "{{ f" + repeated("()", n) + " }}"},
        {"members", "{{ a" + repeated(".a", n) + " }}"},
        {"filters", "{{ a" + repeated("|d", n) + " }}"},
        {"tests", "{{ a" + repeated(" is string", n) + " }}"},
        {"sums", "{{ 1" + repeated("+1", n) + " }}"},
        {"products", "{{ 1" + repeated("*1", n) + " }}"},
        {"comparisons", "{{ 1" + repeated("<1", n) + " }}"},
        {"disjunctions", "{{ 1" + repeated(" or 1", n) + " }}"},
        {"conjunctions", "{{ 1" + repeated(" and 1", n) + " }}"},
        {"negations", "{{ " + repeated("not ", n) + "1 }}"},
        {"signs", "{{ " + repeated("- ", n) + "1 }}"},
        {"ternaries", "{{ 1" + repeated(" if 1 else 1", n) + " }}"},
        {"blocks", repeated("{% if 1 %}", n / 2) + repeated("{% endif %}", n / 2)},
        {"unclosed_blocks", repeated("{% for i in a %}", n / 2)},
        {"elifs", "{% if 0 %}" + repeated("{% elif 0 %}", n) + "{% endif %}"},
        {"macro", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"},
        {"two_macros",
         "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"},
        {"select", "{% macro m() %}{{ " + repeated("(", 50) + "m()" + repeated(" if 1)", 50) +
                       " }}{% endmacro %}{{ m() }}"},
        {"call_block", "{% macro m() %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}"},
        {"default_argument", "{% macro m(a=m()) %}{% endmacro %}{{ m() }}"},
        {"array_in_itself", in_itself + "{{ a }}"},
        {"array_in_itself_as_text", in_itself + "{{ a|string }}"},
        {"array_in_itself_as_json", in_itself + "{{ a|tojson }}"},
        {"namespace_in_itself", "{% set ns = namespace() %}{% set ns.n = ns %}{{ ns|tojson }}"},
        {"key_in_itself", "{% set a = [] %}{% set b = a.append(k=a) %}{% set c = {a[0]: 1} %}"},
        {"nested_values", tuples + "{{ ns.t }}"},
        {"nested_values_compared", tuples + "{{ ns.t == (ns.t, 1) }}"},
        {"nested_values_as_key", tuples + "{% set o = {ns.t: 1} %}"},
    };
}

std::vector<Hostile> too_long() {
    const std::string pairs =
        "{% set ns = namespace(t=('a', 'a')) %}{% for i in range(60) %}{% set ns.t = (ns.t, ns.t) "
        "%}"
        "{% endfor %}";
    const std::string empty_pairs =
        "{% set ns = namespace(t=[]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}"
        "{% endfor %}";
    const std::string loop = "{% for a in range(1000) %}";
    const std::string end = "{% endfor %}";
    return {
        {"loops", repeated(loop, 6) + repeated(end, 6)},
        {"recursion",
         "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}"
         "{% endmacro %}{{ m(40) }}"},
        {"hashes", pairs + "{% set o = {ns.t: 1} %}"},
        {"comparison", pairs + "{{ ns.t == ns.t }}"},
        {"empty_arrays", empty_pairs + "{{ ns.t }}"},
        {"repetition_of_nothing", "{% set s %}{% endset %}{{ s * 1000000000000 }}"},
        {"sort",
         "{% set s = 'a' * 100000 %}{% set ns = namespace(l=[]) %}"
         "{% for i in range(20000) %}{% set _ = ns.l.append(s) %}{% endfor %}"
         "{{ ns.l|sort }}"},
        {"keys", "{% set s = 'a' * 100000 %}{% set o = {s: 1} %}" + repeated(loop, 3) +
                     "{{ s in o }}" + repeated(end, 3)},
        {"many_lines", "{% set s = 'a\n' * 100000 %}" + repeated(loop, 2) +
                           "{{ s|replace('a', 'bb') }}" + repeated(end, 2)},
    };
}

std::vector<Hostile> too_large() {
    return {
        {"range", "{{ range(1000000000000) }}"},
        {"downwards", "{{ range(0, -1000000000000, -1) }}"},
        {"repetition", "{{ 'a' * 1000000000000 }}"},
        {"appended",
         "{% set a = [1] %}{% for i in range(60) %}{% for j in a %}"
         "{% set _ = a.append(j) %}{% endfor %}{% endfor %}"},
        {"sum_of_arrays",
         "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}"
         "{% set ns.a = ns.a + ns.a %}{% endfor %}"},
        {"reversed",
         "{% set a = range(50000) %}{% set l = [] %}{% for i in a %}"
         "{% set _ = l.append(a|reverse) %}{% endfor %}"},
        {"object",
         "{% set ns = namespace(l=[]) %}{% for i in range(1000000) %}"
         "{% set _ = ns.l.append({i: {i: {}}}) %}{% endfor %}"},
        {"kept_callers",
         "{% set ns = namespace(l=[]) %}{% macro m() %}{% set _ = ns.l.append(caller) %}"
         "{% endmacro %}" +
             repeated("{% for a in range(100) %}", 3) + "{% call m() %}{% endcall %}" +
             repeated("{% endfor %}", 3)},
        {"doubling", text_of_two_to_the_30},
        {"undefined_values",
         "{% set s = 'a' * 1000000 %}{% set l = [] %}{% for i in range(100000) %}"
         "{% set _ = l.append({}[s ~ i]) %}{% endfor %}{{ l|length }}" +
             text_of_two_to_the_30},
    };
}

std::vector<Hostile> too_long_a_text() {
    const std::string long_text = "{% set s = ('a' * 20000)|replace('a', 'abcdefghijklmnop') %}";
    const std::string pairs =
        "{% set ns = namespace(t=['abc']) %}{% for i in range(18) %}{% set ns.t = [ns.t, ns.t] %}"
        "{% endfor %}";
    return {
        {"replace_nothing", long_text + "{{ s|replace('', s) }}"},
        {"replace", long_text + "{{ s|replace('a', s) }}"},
        {"join", long_text + "{{ range(1000)|join(s) }}"},
        {"indent", "{{ 'a\nb'|indent(10000000000) }}"},
        {"indent_backwards", "{{ 'a\nb'|indent(-1) }}"},
        {"indent_by_text", long_text + "{{ s|replace('a', '\n')|indent(s, true) }}"},
        {"pairs_as_text", pairs + "{{ ns.t|string }}"},
        {"pairs_as_json", pairs + "{{ ns.t|tojson }}"},
        {"pairs_as_indented_json", pairs + "{{ ns.t|tojson(indent=100) }}"},
        {"separators", long_text + "{{ range(1000)|tojson(separators=[s, s]) }}"},
        {"object",
         "{% set ns = namespace(t={'a': 'b'}) %}{% for i in range(18) %}"
         "{% set ns.t = {'a': ns.t, 'b': ns.t} %}{% endfor %}{{ ns.t|string }}"},
    };
}

using HostileTemplate = testing::TestWithParam<Hostile>;

std::string name_of(const testing::TestParamInfo<Hostile>& info) { return info.param.name; }

class TooDeep : public HostileTemplate {};
TEST_P(TooDeep, Is_refused) {
    const std::string sentence = refusal(GetParam().source);
    EXPECT_TRUE(sentence.starts_with("the model's chat template nests ")) << sentence;
    EXPECT_TRUE(sentence.ends_with(" more than 250 levels deep")) << sentence;
}
INSTANTIATE_TEST_SUITE_P(All, TooDeep, testing::ValuesIn(too_deep()), name_of);

class TooLong : public HostileTemplate {};
TEST_P(TooLong, Is_refused) {
    constexpr TemplateLimits impatient{.time = std::chrono::milliseconds(200)};
    EXPECT_EQ(refusal(GetParam().source, impatient),
              "the model's chat template runs for more than 200 ms");
}
INSTANTIATE_TEST_SUITE_P(All, TooLong, testing::ValuesIn(too_long()), name_of);

class TooLarge : public HostileTemplate {};
TEST_P(TooLarge, Is_refused) {
    EXPECT_EQ(refusal(GetParam().source),
              "the model's chat template needs more than 8 MiB of memory");
}
INSTANTIATE_TEST_SUITE_P(All, TooLarge, testing::ValuesIn(too_large()), name_of);

class TooLongAText : public HostileTemplate {};
TEST_P(TooLongAText, Is_refused) {
    EXPECT_EQ(refusal(GetParam().source),
              "the model's chat template makes a text of more than 1 MiB");
}
INSTANTIATE_TEST_SUITE_P(All, TooLongAText, testing::ValuesIn(too_long_a_text()), name_of);

TEST(TemplateLimits, Refuse_long_searches) {
    const std::string texts =
        "{% set s = ('a' * 90000)|replace('a', 'aaaaaaaaaa') %}{% set t = s[:400000] ~ 'b' %}";
    for (const char* use : {"{{ t in s }}", "{{ s.split(t) }}", "{{ s.rsplit(t) }}",
                            "{{ s|replace(t, '') }}", "{{ s.strip(t) }}"}) {
        EXPECT_EQ(refusal(texts + use, {}),
                  "the model's chat template searches a long text for a long text")
            << use;
    }
}

TEST(TemplateLimits, Refuse_numbers_whose_sums_overflow) {
    for (const char* use :
         {"{{ 'a'[0::-9223372036854775808] }}", "{{ [1][1::9223372036854775807] }}",
          "{{ range(9223372036854775800, 9223372036854775807, 5) }}"}) {
        const std::string sentence = refusal(use);
        EXPECT_TRUE(sentence.starts_with("the model's chat template counts to ")) << sentence;
    }
}

TEST(TemplateLimits, Refuse_a_long_source_and_long_names) {
    EXPECT_EQ(refusal(std::string(300'000, ' ')),
              "the model's chat template is longer than 256 KiB");
    EXPECT_EQ(refusal("{{ " + std::string(200, 'a') + " }}"),
              "the model's chat template has a name of more than 128 characters");
}

TEST(TemplateLimits, Let_ends_of_lines_of_any_kind_pass) {
    const Message message{.content = "Hello"};
    const ChatTemplate chat_template("a\r\nb\rc\n\r\n{{ messages[0].content }}\r\n", {});
    EXPECT_EQ(joined(chat_template.render({&message, 1}, {})), "a\nb\nc\n\nHello");
    EXPECT_EQ(refusal(repeated("\r\n", 130'000)), "");
}

/// What render() throws, as the sentence.
std::string complaint(const std::string& source, const Message& message,
                      const ChatTemplate::Options& options = {}) {
    const ChatTemplate chat_template(source, {}, patient);
    try {
        chat_template.render({&message, 1}, options);
        return "";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
}

TEST(TemplateLimits, Hold_when_messages_are_rendered) {
    const auto if_told = [](const std::string& source) {
        return "{% if messages[0].content == 'Go!' %}" + source + "{% endif %}";
    };
    const Message go{.content = "Go!"};
    EXPECT_EQ(complaint(if_told("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), go),
              "the model's chat template nests or recurses more than 250 levels deep");
    EXPECT_EQ(complaint(if_told("{{ 'a' * 800000 }}"), go),
              "the model's chat template needs more than 8 MiB of memory");
    EXPECT_EQ(complaint(if_told("{% set s = ('a' * 10000)|replace('a', 'abcdefghijklmnop') %}" +
                                repeated("{{ s }}", 7)),
                        go),
              "the model's chat template makes a text of more than 1 MiB");
}

TEST(TemplateLimits, Grow_with_the_messages) {
    const Message message{.content = std::string(3 << 20, 'a')};
    const ChatTemplate chat_template("{{ messages[0].content|upper ~ messages[0]|tojson }}", {});
    EXPECT_GT(joined(chat_template.render({&message, 1}, {})).size(), std::size_t{6} << 20);
}

TEST(TemplateLimits, Stop_a_division_by_zero_and_an_order_in_a_circle) {
    const Message message{.content = "Hello"};
    EXPECT_EQ(complaint("{{ 1 is divisibleby(0) }}", message),
              "the model's chat template refuses the messages: division by zero");
    EXPECT_EQ(complaint("{{ (0 - 9223372036854775807 - 1) is divisibleby(-1) }}", message), "");
    const std::string circle = "{{ [" + repeated("9, 10, '5', ", 500) + "]|sort|length }}";
    EXPECT_EQ(complaint(circle, message), "");
}

TEST(TemplateLimits, Refuse_tools_that_nest_deep) {
    const Message message{.content = "Hello"};
    const std::string deep = repeated("[", 200'000) + repeated("]", 200'000);
    EXPECT_EQ(complaint("Hello", message, {.tools = deep}),
              "the JSON of a tool nests more than 100 levels deep");
    EXPECT_EQ(complaint("Hello", message, {.tools = repeated("[", 100) + repeated("]", 100)}), "");
}

TEST(TemplateLimits, Leave_a_short_sentence_without_control_characters) {
    const Message message{.content = "Hello"};
    const std::string said = complaint("{{ raise_exception('ä' * 1000) }}", message);
    EXPECT_LT(said.size(), std::size_t{400});
    EXPECT_TRUE(said.ends_with("ä ...")) << said;
    EXPECT_EQ(complaint("{{ raise_exception('a\x1b[2J\x7f') }}", message),
              "the model's chat template refuses the messages: a [2J ");
}

}  // namespace
}  // namespace infinipot
