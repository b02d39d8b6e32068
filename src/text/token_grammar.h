#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "text/vocabulary.h"

struct llama_sampler;
struct llama_token_data;

namespace infinipot {

/// A grammar that a text follows token by token, through libllama's sampler. Tokens without text
/// are not allowed, except for those that end an answer, which are allowed where the text may end.
/// Tokens that would make the text ill-formed UTF-8, which libllama allows, are not allowed either.
/// Borrows the vocabulary. Belongs to one thread at a time.
class TokenGrammar {
   public:
    /// gbnf: see check_grammar().
    /// @throws Error(invalid_argument) if the grammar is refused.
    TokenGrammar(const std::string& gbnf, const Vocabulary& vocabulary);

    /// Returns whether `token` may come next.
    bool allows(Token token) const;

    /// Sets the logits of tokens that may not come next to -infinity. candidates[i] is token i, for
    /// the whole vocabulary. Returns false if none may come whose logit was not -infinity before.
    bool restrict(std::vector<llama_token_data>& candidates) const;

    /// Goes on behind `token`, which must be allowed.
    void accept(Token token);

   private:
    struct Free {
        void operator()(llama_sampler* sampler) const;
    };
    bool goes_on(Token token) const;

    const Vocabulary& vocabulary_;
    std::unique_ptr<llama_sampler, Free> sampler_;
    std::vector<std::string> pieces_;  // [n_vocab]
    Utf8Decoder decoder_;              // behind the accepted tokens
};

}  // namespace infinipot
