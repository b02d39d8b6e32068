#pragma once

#include <ggml.h>

#include <cstdint>
#include <span>

namespace infinipot {

/// The largest surprisal that can be told apart, in nats: -ln of the smallest normal F32.
constexpr float largest_surprisal_nats = 87.3f;

/// Builds the surprisal -ln P(target), in nats, for every column of logits. The softmax is over all
/// rows of the logits.
/// logits: F32 [n_vocab, n_tokens], overwritten; targets: I32 [1, n_tokens], or null if the last
/// row of the logits is the targets'. Result: F32 [n_tokens]. Source: InfiniPot Eq. 3 and 4.
ggml_tensor* build_surprisal(ggml_context* context, ggml_tensor* logits, ggml_tensor* targets);

/// Returns -ln P(token) in nats from one column of logits on the host: [n_vocab].
float surprisal_from(std::span<const float> logits, std::int32_t token);

}  // namespace infinipot
