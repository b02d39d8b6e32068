#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// How well a model predicts a stream of text from what its pot still holds: exp of the mean of
/// -ln P(token | pot), over the whole stream and bucket by bucket.
namespace infinipot::eval {

class StreamPerplexity {
   public:
    /// Over buckets of so many tokens, and over the last `n_last` tokens of the stream.
    StreamPerplexity(int bucket_tokens, int n_last);

    /// The next tokens' -ln P, in nats. The first token of a stream is not predicted: leave it out.
    void add(std::span<const float> nats);

    std::uint64_t n_tokens() const { return n_tokens_; }
    double perplexity() const;            ///< of all
    double perplexity_of_last() const;    ///< of the last n_last, or of all if they are fewer
    std::vector<double> buckets() const;  ///< one perplexity each; the last may be of fewer

   private:
    int bucket_tokens_;
    std::size_t n_last_;
    std::uint64_t n_tokens_ = 0;
    double sum_nats_ = 0;
    std::vector<double> bucket_sums_;
    std::vector<float> last_;  // a ring of n_last
};

}  // namespace infinipot::eval
