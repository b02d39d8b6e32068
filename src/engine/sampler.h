#pragma once

#include <memory>
#include <span>
#include <vector>

#include "infinipot/session.h"

struct llama_sampler;
struct llama_token_data;

namespace infinipot {

/// Picks the next token from logits, through libllama's samplers. Deterministic for a given seed.
class Sampler {
   public:
    /// @throws Error(invalid_argument) if a value is out of its range.
    Sampler(const Sampling& sampling, int n_vocab);
    ~Sampler();

    /// logits: [n_vocab]. None of the excluded is picked.
    Token pick(std::span<const float> logits, std::span<const Token> excluded = {});

   private:
    struct Free {
        void operator()(llama_sampler* sampler) const;
    };
    std::unique_ptr<llama_sampler, Free> chain_;
    std::vector<llama_token_data> candidates_;  // [n_vocab]
};

}  // namespace infinipot
