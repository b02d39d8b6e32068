#pragma once

#include <memory>
#include <span>
#include <vector>

#include "infinipot/session.h"

struct llama_sampler;
struct llama_token_data;

namespace infinipot {

/// Picks the next token from logits, through libllama's samplers. Deterministic for a given seed.
/// Belongs to one thread at a time.
class Sampler {
   public:
    /// @throws Error(invalid_argument) if a value is out of its range.
    Sampler(const Sampling& sampling, int n_vocab);
    ~Sampler();

    /// Returns a token and remembers it for the repeat penalty. logits: [n_vocab]. Never picks an
    /// excluded token.
    Token pick(std::span<const float> logits, std::span<const Token> excluded = {});

   private:
    struct Free {
        void operator()(llama_sampler* sampler) const;
    };
    std::unique_ptr<llama_sampler, Free> chain_;
    std::vector<llama_token_data> candidates_;  // [n_vocab]
};

}  // namespace infinipot
