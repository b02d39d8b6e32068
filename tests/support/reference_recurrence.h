#pragma once

#include <string>
#include <vector>

#include "gguf/file.h"

namespace infinipot {

/// The recurrent layer of a block, plainly: one token at a time, in double precision. A copy has a
/// state of its own.
class ReferenceRecurrence {
   public:
    /// Reads the tensors whose names begin with `block`.
    ReferenceRecurrence(const GgufFile& file, const std::string& block);

    /// Returns the layer's output for the next token.
    std::vector<double> step(const std::vector<double>& x);

   private:
    using Vector = std::vector<double>;
    using MatrixRows = std::vector<Vector>;

    Vector convolved(const Vector& x);
    Vector short_convolution(const Vector& x);
    Vector mamba2(const Vector& x);
    Vector delta_net(const Vector& x);
    Vector normed(const Vector& x, const Vector& weight) const;

    std::string architecture_;
    double eps_ = 0;
    std::size_t n_inner_ = 0, n_state_ = 0, n_head_ = 0, n_group_ = 0;
    MatrixRows in_, gate_, beta_, alpha_, beta_alpha_, out_;
    MatrixRows kernel_;                 // [channel][tap]
    Vector kernel_bias_, dt_bias_, a_;  // an empty bias: none
    Vector d_;
    Vector norm_;
    std::vector<Vector> past_;    // inputs of the convolution, the oldest first
    std::vector<Vector> memory_;  // [n_inner][n_state]
};

}  // namespace infinipot
