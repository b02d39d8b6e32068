#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "support/tiny_model.h"

namespace infinipot {

/// Tokens of the contexts in which models are compared.
inline constexpr int parity_n_ctx = 512;

/// A model whose forward pass is compared with libllama's.
struct ParityCase {
    std::string name;
    TinyModel model;
    double tolerance;  ///< NMSE of logits in any split
    int n_splits = 5;  ///< how many of `splits` are tried
    /// Whether the graph computes in another order than libllama's, so that a key may be rounded to
    /// the other neighbour.
    bool other_order = false;

    /// Whether a rounding may choose another expert for a token, which is another network. Then
    /// only what computes in the same order can be compared number by number.
    bool chooses_experts() const { return model.n_expert_used < model.n_expert; }
};

inline void PrintTo(const ParityCase& test_case, std::ostream* out) { *out << test_case.name; }

/// The types of weights and the options of `llama`.
std::vector<ParityCase> llama_parity_cases();

/// All other architectures in the shapes that they are often met in, and what their files may ask
/// for.
std::vector<ParityCase> architecture_parity_cases();

}  // namespace infinipot
