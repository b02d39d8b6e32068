#pragma once

#include <memory>
#include <span>
#include <vector>

#include "infinipot/session.h"
#include "text/token_grammar.h"

struct llama_sampler;
struct llama_token_data;

namespace infinipot {

/// Picks the next token from logits, through libllama's samplers. Deterministic for a given seed.
/// Belongs to one thread at a time.
class Sampler {
   public:
    static constexpr Token nothing = -1;

    /// grammar: what the tokens follow; null: nothing.
    /// @throws Error(invalid_argument) if a value is out of its range.
    Sampler(const Sampling& sampling, int n_vocab, std::span<const LogitBias> logit_bias = {},
            std::unique_ptr<TokenGrammar> grammar = nullptr);
    ~Sampler();

    /// Returns a token and remembers it for the penalties. logits: [n_vocab]. Never picks an
    /// excluded token. Returns `nothing` if the grammar allows excluded tokens alone, or none.
    Token pick(std::span<const float> logits, std::span<const Token> excluded = {});

   private:
    struct Free {
        void operator()(llama_sampler* sampler) const;
    };

    void set_candidates(std::span<const float> logits, std::span<const Token> excluded);
    Token select();

    std::unique_ptr<llama_sampler, Free> chain_;
    std::vector<llama_token_data> candidates_;  // [n_vocab]
    std::unique_ptr<TokenGrammar> grammar_;
};

}  // namespace infinipot
