#include <utility>

#include "engine/generation_impl.h"
#include "infinipot/session.h"

namespace infinipot {

Generation::Generation(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) { next(); }
Generation::Generation(Generation&& other) noexcept
    : impl_(std::move(other.impl_)),
      piece_(std::move(other.piece_)),
      piece_view_(piece_),
      is_thinking_(other.is_thinking_),
      done_(other.done_) {}
Generation::~Generation() = default;

void Generation::next() {
    auto [text, is_thinking] = impl_->next();
    piece_ = std::move(text);
    piece_view_ = piece_;
    is_thinking_ = is_thinking;
    done_ = piece_.empty();
}

std::string Generation::text() {
    std::string all;
    for (std::string_view piece : *this)
        if (!is_thinking_) all += piece;
    return all;
}

StopReason Generation::stop_reason() const { return impl_->stop_reason(); }
std::span<const DrawnToken> Generation::logprobs() const { return impl_->logprobs(); }
int Generation::n_tokens() const { return impl_->n_tokens(); }

}  // namespace infinipot
