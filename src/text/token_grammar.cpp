#include "text/token_grammar.h"

#include <llama.h>

#include <cmath>
#include <limits>

#include "infinipot/error.h"
#include "text/grammar_check.h"
#include "text/llama_log.h"

namespace infinipot {

namespace {

void apply(llama_sampler* sampler, llama_token_data* candidates, std::size_t n) {
    llama_token_data_array array{.data = candidates, .size = n, .selected = -1, .sorted = false};
    llama_sampler_apply(sampler, &array);
}

}  // namespace

void TokenGrammar::Free::operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }

TokenGrammar::TokenGrammar(const std::string& gbnf, const Vocabulary& vocabulary)
    : vocabulary_(vocabulary) {
    check_grammar(gbnf);
    capture_llama_log();
    take_llama_error();
    sampler_.reset(llama_sampler_init_grammar(vocabulary.handle(), gbnf.c_str(), "root"));
    if (!sampler_) {
        const std::string reason = take_llama_error();
        throw Error(ErrorCode::invalid_argument,
                    "the grammar is refused" + (reason.empty() ? reason : ": " + reason));
    }
    pieces_.reserve(static_cast<std::size_t>(vocabulary.n_tokens()));
    for (Token token = 0; token < vocabulary.n_tokens(); ++token)
        pieces_.push_back(vocabulary.piece(token));
}

/// Returns whether the text of `token` continues the text so far, whatever the grammar.
bool TokenGrammar::goes_on(Token token) const {
    if (vocabulary_.ends_answer(token)) return decoder_.at_boundary();
    const std::string& piece = pieces_[static_cast<std::size_t>(token)];
    Utf8Decoder decoder = decoder_;
    for (const char byte : piece)
        if (decoder.step(static_cast<unsigned char>(byte)) == Utf8Decoder::Step::ill_formed)
            return false;
    return !piece.empty();
}

bool TokenGrammar::allows(Token token) const {
    if (!goes_on(token)) return false;
    llama_token_data candidate{.id = token, .logit = 0, .p = 0};
    apply(sampler_.get(), &candidate, 1);
    return std::isfinite(candidate.logit);
}

bool TokenGrammar::restrict(std::vector<llama_token_data>& candidates) const {
    apply(sampler_.get(), candidates.data(), candidates.size());
    bool any = false;
    for (llama_token_data& each : candidates) {
        if (!std::isfinite(each.logit)) continue;
        if (goes_on(each.id))
            any = true;
        else
            each.logit = -std::numeric_limits<float>::infinity();
    }
    return any;
}

void TokenGrammar::accept(Token token) {
    llama_sampler_accept(sampler_.get(), token);
    if (vocabulary_.ends_answer(token)) return;
    for (const char byte : pieces_[static_cast<std::size_t>(token)])
        decoder_.step(static_cast<unsigned char>(byte));
}

}  // namespace infinipot
