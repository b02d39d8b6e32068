#include "engine/sampler.h"

#include <llama.h>

#include <limits>
#include <string>
#include <utility>

#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr int penalty_window = 64;  // tokens

void require(bool condition, const char* sentence) {
    if (!condition) throw Error(ErrorCode::invalid_argument, sentence);
}

/// Returns false for NaN.
bool within(float x, float least, float most) { return x >= least && x <= most; }

constexpr float no_limit = std::numeric_limits<float>::max();  // but finite

void check(const Sampling& s) {
    require(within(s.temperature, 0, no_limit),
            "the temperature must be finite and 0 (greedy) or more");
    require(s.top_k >= 0, "top_k must be 0 (all tokens) or more");
    require(s.top_p > 0 && s.top_p <= 1, "top_p must lie between 0 and 1");
    require(s.min_p >= 0 && s.min_p < 1, "min_p must be at least 0 and less than 1");
    require(within(s.repeat_penalty, 1, no_limit),
            "the repeat penalty must be finite and 1 (none) or more");
    require(within(s.presence_penalty, -100, 100),
            "the presence penalty must lie between -100 and 100");
    require(within(s.frequency_penalty, -100, 100),
            "the frequency penalty must lie between -100 and 100");
}

void check(std::span<const LogitBias> logit_bias, int n_vocab) {
    for (const LogitBias& each : logit_bias) {
        require(each.token >= 0 && each.token < n_vocab,
                ("there is no token " + std::to_string(each.token) + " to bias").c_str());
        require(within(each.bias, -1000, 1000), "a logit bias must lie between -1000 and 1000");
    }
}

}  // namespace

void Sampler::Free::operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }

Sampler::~Sampler() = default;

Sampler::Sampler(const Sampling& sampling, int n_vocab, std::span<const LogitBias> logit_bias,
                 std::unique_ptr<TokenGrammar> grammar)
    : chain_(llama_sampler_chain_init(llama_sampler_chain_default_params())),
      candidates_(static_cast<std::size_t>(n_vocab)),
      grammar_(std::move(grammar)) {
    check(sampling);
    check(logit_bias, n_vocab);
    const auto add = [this](llama_sampler* link) { llama_sampler_chain_add(chain_.get(), link); };
    if (!logit_bias.empty()) {
        std::vector<llama_logit_bias> biases;
        for (const LogitBias& each : logit_bias) biases.push_back({each.token, each.bias});
        add(llama_sampler_init_logit_bias(n_vocab, static_cast<int>(biases.size()), biases.data()));
    }
    if (sampling.repeat_penalty != 1 || sampling.presence_penalty != 0 ||
        sampling.frequency_penalty != 0) {
        add(llama_sampler_init_penalties(n_vocab, penalty_window, sampling.repeat_penalty,
                                         sampling.frequency_penalty, sampling.presence_penalty));
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

void Sampler::set_candidates(std::span<const float> logits, std::span<const Token> excluded) {
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        candidates_[i] = {.id = static_cast<Token>(i), .logit = logits[i], .p = 0};
    }
    for (const Token token : excluded) {
        candidates_[static_cast<std::size_t>(token)].logit =
            -std::numeric_limits<float>::infinity();
    }
}

/// Returns the token that the chain selects from the candidates, which it reorders.
Token Sampler::select() {
    llama_token_data_array array{
        .data = candidates_.data(), .size = candidates_.size(), .selected = -1, .sorted = false};
    llama_sampler_apply(chain_.get(), &array);
    return array.data[array.selected].id;
}

/// The grammar sees the selected token first, and all others only if it refuses that one: examining
/// a whole vocabulary can take as long as a forward pass of a small model.
Token Sampler::pick(std::span<const float> logits, std::span<const Token> excluded) {
    set_candidates(logits, excluded);
    Token token = select();
    if (grammar_ && !grammar_->allows(token)) {
        set_candidates(logits, excluded);
        if (!grammar_->restrict(candidates_)) return nothing;
        token = select();
    }
    llama_sampler_accept(chain_.get(), token);
    if (grammar_) grammar_->accept(token);
    return token;
}

}  // namespace infinipot
