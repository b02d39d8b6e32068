#include "eval/ruler/variable_tracking.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "eval/ruler/haystack.h"
#include "eval/ruler/random.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t n_variables = 5;  // four hops
constexpr int name_letters = 5;
constexpr int example_name_letters = 3;
constexpr int fewest_lines = n_variables;  // each assignment stands before a line
constexpr int any_number = std::numeric_limits<int>::max();
constexpr int example_tokens = 500;  // most tokens of the example, without its answer

/// Variables with one value. Each except the first is assigned from the one before it.
struct Chain {
    Texts names = {};
    std::string value = {};
};

std::string random_name(Random& random, int n_letters) {
    std::string name;
    for (int i = 0; i < n_letters; ++i) name += static_cast<char>('A' + random.below(26));
    return name;
}

Chain random_chain(Random& random, int n_letters) {
    Chain chain;
    while (chain.names.size() < n_variables) {
        const std::string name = random_name(random, n_letters);
        if (std::ranges::find(chain.names, name) == chain.names.end()) chain.names.push_back(name);
    }
    chain.value = std::to_string(10'000 + random.below(89'999));  // RULER's excludes 99999
    return chain;
}

/// Returns the line of an assignment. A blank ends all lines except the first, as in RULER.
std::string assignment(const Chain& chain, std::size_t i) {
    if (i == 0) return "VAR " + chain.names[0] + " = " + chain.value;
    return "VAR " + chain.names[i] + " = VAR " + chain.names[i - 1] + ' ';
}

std::string context_of(const Chain& chain, int n_noise_lines, Random random) {
    const auto n_lines = static_cast<std::size_t>(n_noise_lines);
    auto places = random.distinct(n_lines, n_variables);
    std::ranges::sort(places);
    std::string context;
    std::size_t next = 0;
    for (std::size_t line = 0; line < n_lines; ++line) {
        if (line > 0) context += '\n';
        if (next < n_variables && places[next] == line) context += assignment(chain, next++) + '\n';
        context += noise_line;
    }
    return context;
}

/// Fills in RULER's template; "assgined" is RULER's spelling.
RulerItem frame(const Chain& chain, const std::string& context) {
    return {.text =
                "Memorize and track the chain(s) of variable assignment hidden in the following "
                "text.\n\n" +
                context,
            .question = "\nQuestion: Find all variables that are assigned the value " +
                        chain.value + " in the text above.",
            .answer_prefix =
                " Answer: According to the chain(s) of variable assignment in the text "
                "above, " +
                std::to_string(n_variables) + " variables are assgined the value " + chain.value +
                ", they are: ",
            .references = chain.names};
}

std::string worked_example(const ItemSpec& spec) {
    Random random(spec.name + ":example");
    const Chain chain = random_chain(random, example_name_letters);
    const auto prompt = [&](int n) { return frame(chain, context_of(chain, n, random)).prompt(); };
    const auto n_tokens = [&](int n) { return spec.n_tokens(prompt(n)); };
    std::string example =
        prompt(largest_that_fits(fewest_lines, any_number, example_tokens, n_tokens)
                   .value_or(fewest_lines));
    for (const std::string& name : chain.names) example += ' ' + name;
    return example + "\n\n";
}

}  // namespace

RulerItem make_variable_tracking(const ItemSpec& spec) {
    const std::string example = worked_example(spec);
    Random random(spec.name);
    const Chain chain = random_chain(random, name_letters);
    return fill(spec, fewest_lines, any_number, [&](int n) {
        RulerItem item = frame(chain, context_of(chain, n, random));
        item.text.insert(0, example);
        return item;
    });
}

}  // namespace infinipot::eval
