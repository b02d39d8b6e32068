#include "engine/sampler.h"

#include <llama.h>

#include <limits>
#include <string>

#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr int penalty_window = 64;  // tokens

void require(bool condition, const char* sentence) {
    if (!condition) throw Error(ErrorCode::invalid_argument, sentence);
}

void check(const Sampling& s) {
    require(s.temperature >= 0, "the temperature must be 0 (greedy) or more");
    require(s.top_k >= 0, "top_k must be 0 (all tokens) or more");
    require(s.top_p > 0 && s.top_p <= 1, "top_p must lie between 0 and 1");
    require(s.min_p >= 0 && s.min_p < 1, "min_p must be at least 0 and less than 1");
    require(s.repeat_penalty >= 1, "the repeat penalty must be 1 (none) or more");
}

}  // namespace

void Sampler::Free::operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }

Sampler::~Sampler() = default;

Sampler::Sampler(const Sampling& sampling, int n_vocab)
    : chain_(llama_sampler_chain_init(llama_sampler_chain_default_params())),
      candidates_(static_cast<std::size_t>(n_vocab)) {
    check(sampling);
    const auto add = [this](llama_sampler* link) { llama_sampler_chain_add(chain_.get(), link); };
    if (sampling.repeat_penalty > 1) {
        add(llama_sampler_init_penalties(n_vocab, penalty_window, sampling.repeat_penalty, 0, 0));
    }
    if (sampling.temperature == 0) {
        add(llama_sampler_init_greedy());
        return;
    }
    if (sampling.top_k > 0) add(llama_sampler_init_top_k(sampling.top_k));
    if (sampling.top_p < 1) add(llama_sampler_init_top_p(sampling.top_p, 1));
    if (sampling.min_p > 0) add(llama_sampler_init_min_p(sampling.min_p, 1));
    add(llama_sampler_init_temp(sampling.temperature));
    add(llama_sampler_init_dist(sampling.seed));
}

Token Sampler::pick(std::span<const float> logits, std::span<const Token> excluded) {
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        candidates_[i] = {.id = static_cast<Token>(i), .logit = logits[i], .p = 0};
    }
    for (const Token token : excluded) {
        candidates_[static_cast<std::size_t>(token)].logit =
            -std::numeric_limits<float>::infinity();
    }
    llama_token_data_array array{
        .data = candidates_.data(), .size = candidates_.size(), .selected = -1, .sorted = false};
    llama_sampler_apply(chain_.get(), &array);
    const Token token = array.data[array.selected].id;
    llama_sampler_accept(chain_.get(), token);
    return token;
}

}  // namespace infinipot
