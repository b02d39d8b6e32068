#include "eval/metrics/retrieval.h"

#include "eval/metrics/count.h"

namespace infinipot::eval {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Returns the digits behind the first "Paragraph " that has any; empty if there is none.
std::string_view paragraph_number(std::string_view answer) {
    constexpr std::string_view word = "Paragraph ";
    for (std::size_t at = answer.find(word); at != std::string_view::npos;
         at = answer.find(word, at + 1)) {
        const std::string_view rest = answer.substr(at + word.size());
        std::size_t n_digits = 0;
        while (n_digits < rest.size() && is_digit(rest[n_digits])) ++n_digits;
        if (n_digits > 0) return rest.substr(0, n_digits);
    }
    return {};
}

}  // namespace

double retrieval(std::string_view prediction, std::string_view answer) {
    return count_share(prediction, paragraph_number(answer));
}

}  // namespace infinipot::eval
