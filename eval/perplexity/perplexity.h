#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// The perplexity of a stream of text, whose tokens a model predicts from the KV cache. It is exp
/// of the mean of -ln P(token | KV cache), over the whole stream and for each bucket.
namespace infinipot::eval {

class StreamPerplexity {
   public:
    /// @param bucket_tokens tokens of a bucket
    /// @param n_last the last tokens of the stream, which have a perplexity of their own
    StreamPerplexity(int bucket_tokens, int n_last);

    /// Adds -ln P of the next tokens, in nats. The first token of a stream is not predicted; leave
    /// it out.
    void add(std::span<const float> nats);

    std::uint64_t n_tokens() const { return n_tokens_; }
    double perplexity() const;            ///< of all
    double perplexity_of_last() const;    ///< of the last n_last, or of all if they are fewer
    std::vector<double> buckets() const;  ///< perplexity of each; the last may have fewer tokens

   private:
    int bucket_tokens_;
    std::size_t n_last_;
    std::uint64_t n_tokens_ = 0;
    double sum_nats_ = 0;
    std::vector<double> bucket_sums_;
    std::vector<float> last_;  // a ring of n_last
};

}  // namespace infinipot::eval
