#include "text/token_grammar.h"

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "text/grammar_check.h"

namespace infinipot {

namespace {

/// Of one call: several times what JSON of any kind needs.
std::int64_t most_work(const Vocabulary& vocabulary) {
    return 20'000'000 + 500 * static_cast<std::int64_t>(vocabulary.n_tokens());
}

}  // namespace

TokenGrammar::TokenGrammar(std::string_view gbnf, const Vocabulary& vocabulary)
    : vocabulary_(vocabulary), automaton_(checked_grammar(gbnf)), path_(1) {
    automaton_.limit_work(most_work(vocabulary_));
    path_[0].stacks = automaton_.start();
}

/// Sets `next` to the place one byte further. Returns false if the byte cannot stand there.
bool TokenGrammar::step(const State& state, char byte, State& next) {
    next.decoder = state.decoder;
    const auto seen = next.decoder.step(static_cast<unsigned char>(byte));
    if (seen == Utf8Decoder::Step::ill_formed || byte == '\0') return false;
    automaton_.step(state.stacks, next.decoder.characters(), next.stacks);
    const bool goes_on = !next.stacks.empty();
    if (seen == Utf8Decoder::Step::incomplete) next.stacks = state.stacks;
    return goes_on;
}

/// Fills path_ for `text`, whose first `n_walked` bytes it has. Returns the number of bytes that
/// can stand there, which it has then.
std::size_t TokenGrammar::walk(std::string_view text, std::size_t n_walked) {
    if (path_.size() <= text.size()) path_.resize(text.size() + 1);
    while (n_walked < text.size() && step(path_[n_walked], text[n_walked], path_[n_walked + 1]))
        ++n_walked;
    return n_walked;
}

bool TokenGrammar::allows(Token token) {
    if (vocabulary_.ends_answer(token)) {
        return path_[0].decoder.at_boundary() && GrammarAutomaton::may_end(path_[0].stacks);
    }
    automaton_.limit_work(most_work(vocabulary_));
    const std::string text = vocabulary_.piece(token);
    return !text.empty() && walk(text, 0) == text.size();
}

bool TokenGrammar::restrict(std::vector<llama_token_data>& candidates) {
    automaton_.limit_work(most_work(vocabulary_));
    std::vector<float> logits(candidates.size(), -std::numeric_limits<float>::infinity());
    const auto allow = [&](Token token) {
        const auto at = static_cast<std::size_t>(token);
        logits[at] = candidates[at].logit;
    };
    std::size_t n_walked = 0;  // of the last token
    for (const Vocabulary::SortedPiece& piece : vocabulary_.sorted_pieces()) {
        if (n_walked < piece.n_common) continue;  // a byte of the last one that cannot stand there
        n_walked = walk(piece.text, piece.n_common);
        if (n_walked == piece.text.size()) allow(piece.token);
    }
    for (const Token token : vocabulary_.ends_of_answer())
        if (allows(token)) allow(token);
    bool any = false;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        candidates[i].logit = logits[i];
        any = any || std::isfinite(logits[i]);
    }
    return any;
}

void TokenGrammar::accept(Token token) {
    if (vocabulary_.ends_answer(token)) return;
    automaton_.limit_work(most_work(vocabulary_));
    const std::string text = vocabulary_.piece(token);
    walk(text, 0);
    std::swap(path_[0], path_[text.size()]);
    automaton_.keep_only(path_[0].stacks);
}

}  // namespace infinipot
