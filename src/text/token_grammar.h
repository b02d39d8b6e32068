#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "text/grammar_automaton.h"
#include "text/vocabulary.h"

struct llama_token_data;

namespace infinipot {

/// A grammar that a text follows token by token. A token may come next if the grammar allows all of
/// its text; of a character that is cut, if it allows one that the character may become. Tokens
/// without text or with a zero byte are not allowed, except for those that end an answer, which are
/// allowed where the text may end. Borrows the vocabulary. Belongs to one thread at a time.
///
/// With 150,000 tokens restrict() takes up to 30 ms where any text may come, and 1 ms at the names
/// and values of a JSON schema. A call that would take about 0.1 s or more throws
/// Error(invalid_argument): the grammar can go on in too many ways.
class TokenGrammar {
   public:
    /// gbnf: see checked_grammar().
    /// @throws Error(invalid_argument) or Error(bad_text) if the grammar is refused.
    TokenGrammar(std::string_view gbnf, const Vocabulary& vocabulary);

    /// Returns whether `token` may come next.
    bool allows(Token token);

    /// Sets the logits of tokens that may not come next to -infinity. candidates[i] is token i, for
    /// the whole vocabulary. Returns false if none may come whose logit was not -infinity before.
    bool restrict(std::vector<llama_token_data>& candidates);

    /// Goes on behind `token`, which must be allowed.
    void accept(Token token);

   private:
    /// A place in the text, maybe within a character.
    struct State {
        GrammarAutomaton::Stacks stacks;  // at the last boundary of characters
        Utf8Decoder decoder;              // behind it
    };

    bool step(const State& state, char byte, State& next);
    std::size_t walk(std::string_view text, std::size_t n_walked);

    const Vocabulary& vocabulary_;
    GrammarAutomaton automaton_;
    std::vector<State> path_;  // [0]: behind the accepted tokens; [i]: i bytes further
};

}  // namespace infinipot
