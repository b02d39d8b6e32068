#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/state_archive.h"
#include "engine/batched_per_token_eviction.h"
#include "engine/distil.h"
#include "engine/forward_pass.h"
#include "engine/per_token_eviction.h"
#include "engine/plan.h"
#include "engine/reading_steps.h"

namespace infinipot {

/// Reads tokens into the KV cache: runs them through the model, tags them with their surprisal,
/// counts the attention that they pay, and evicts entries when it is told to. Knows where the
/// stream stands, but not what comes next. Borrows plan, cache and forward pass, allocates
/// everything in its constructor, and belongs to one thread at a time.
class ContextWriter {
   public:
    /// @throws Error(out_of_memory)
    ContextWriter(const Plan& plan, const Model::Impl& model, KvCache& cache, ForwardPass& forward,
                  Backend& backend);

    /// A point that rewind() returns to.
    struct Mark {
        int n_kv;
        std::int64_t stream_position;
        std::vector<float> preceding_state;   // [n_embd]
        std::vector<std::byte> layer_states;  // beside the pot
        bool observing;
    };
    Mark mark() const;

    /// Forgets the tokens read since the mark. Nothing may have been evicted since, unless the
    /// mark's n_kv accounts for it.
    void rewind(const Mark& mark);

    /// Returns the counts that the next step depends on.
    ReadingState state() const;

    /// Returns the position in the stream of the next token, from 0.
    std::int64_t stream_position() const { return stream_position_; }

    /// Reads the tokens of one step. `staying`: they are part of the stream, and with
    /// Schedule::per_token entries are evicted for them.
    /// @throws Error(interrupted), and then nothing has happened.
    void read(std::span<const Token> tokens, bool staying, const ReadingStep& step);

    /// Reads one token whose surprisal is known, in nats.
    /// @throws as read() does
    void read_scored(Token token, float surprisal, bool staying, const ReadingStep& step);

    /// Returns the surprisal in nats of the first `n` tokens of the last read(); valid until the
    /// next one.
    std::span<const float> surprisal(std::size_t n) const { return std::span(nats_).first(n); }

    /// Throws what a policy has thrown while read() evicted entries for a batch.
    void rethrow_failure();

    /// Distils the cache: see Distiller::distil().
    void distil(const Distillation& distillation);

    /// With Schedule::per_token, evicts one entry of every head if the cache holds one more than is
    /// retained. read() has done so, unless the policy threw.
    /// @throws what the policy throws, and then nothing has changed.
    void evict_surplus();

    /// Makes the next observed step forget the attention measured so far.
    void begin_measuring() { observing_ = false; }

    /// Measures what a question attends to, as if it were the catalyst.
    void attend(std::span<const Token> question);

    /// Writes or reads where the stream stands and all that the next step depends on, the forward
    /// pass included. The cache is that of the state.
    void serialize(StateArchive& archive);

    /// Returns how often entries were evicted.
    std::uint64_t n_distillations() const { return n_distillations_; }

    /// Writes everything that it counts into `stats`.
    void report(Stats& stats) const;

    /// Scratch of the distiller and of the per-token evictions; constant.
    std::size_t bytes() const;

    Distiller& distiller() { return distiller_; }
    const PerTokenEviction* per_token() const {
        return per_token_eviction_ ? &*per_token_eviction_ : nullptr;
    }

   private:
    bool evicts_in_batches() const;
    void read_in_batches(std::span<const Token> tokens);
    void run(std::span<const Token> tokens, bool observed);
    void append(std::span<const Token> tokens, std::span<const float> nats, bool staying,
                const ReadingStep& step);
    int position() const;
    std::span<const Tag> tags_of(std::span<const Token> tokens, std::span<const float> nats);
    void accumulate_attention(int n_slots);
    std::span<const float> no_surprisal(std::span<const Token> tokens);
    std::span<const float> measure_surprisal(std::span<const Token> tokens, bool wholly = false);
    void count_entries(std::size_t n_more);

    const Plan& plan_;
    KvCache& cache_;
    ForwardPass& forward_;
    Distiller distiller_;
    std::optional<PerTokenEviction> per_token_eviction_;
    std::optional<BatchedPerTokenEviction> batched_eviction_;  // if per_token_eviction_ allows it
    std::int64_t stream_position_ = 0;                         // of the next token
    bool observing_ = false;   // whether the next observed run adds to the last run's attention
    std::vector<float> nats_;  // [n_batch]
    std::vector<Tag> tags_;    // [n_batch]
    int peak_n_kv_ = 0;
    std::uint64_t n_distillations_ = 0;
    double surprisal_seconds_ = 0;
};

}  // namespace infinipot
