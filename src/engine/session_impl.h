#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/utf8.h"
#include "engine/distil.h"
#include "engine/forward_pass.h"
#include "engine/plan.h"
#include "infinipot/session.h"
#include "tensor/backend.h"
#include "text/segmenter.h"

namespace infinipot {

/// A session from the inside: text waits to become tokens, tokens wait to fill a batch, batches go
/// into the pot, and a pot that reaches its fill limit is distilled.
class Session::Impl {
   public:
    Impl(const Model& model, SessionOptions options);

    void ingest(std::string_view text, const IngestOptions& options);
    void flush(const IngestOptions& options);
    void interrupt() noexcept { backend_.interrupt(); }

    /// Where the pot stood, so that an answer can be taken back.
    struct Mark {
        int n_kv;
        std::int64_t stream_position;
        std::vector<float> preceding_state;
    };
    Mark mark() const;
    void rewind(const Mark& mark);

    /// Reads tokens to the end, after which logits() tell what follows. With `distilling`, they are
    /// there to stay, and room is made whenever the fill limit is reached; without it they must
    /// fit.
    void read(std::span<const Token> tokens, bool distilling);

    /// Reads one token that was drawn from logits().
    void read_generated(Token token, bool distilling);

    std::span<const float> logits() const { return logits_; }  ///< [n_vocab]

    void require_no_generation() const;

    Model model;
    Plan plan;
    Stats stats;
    bool generating = false;  ///< a Generation is alive
    bool has_text = false;    ///< something was ingested

    KvCache& cache() { return cache_; }
    Distiller& distiller() { return distiller_; }
    Stats current_stats() const;
    int room() const { return cache_.room(); }
    void distil();

   private:
    void begin_stream();
    void enqueue(std::string_view text);
    void forget_cut_off();
    void tokenize(std::string_view segment);
    void read_waiting(bool all, const IngestOptions& options, const Stopwatch& watch);
    int next_batch() const;
    std::uint64_t bytes_in_pot(std::size_t n_waiting) const;
    int position() const;
    void read_batch(std::span<const Token> tokens, bool tagged);
    void measure_surprisal(std::span<const Token> tokens, std::span<float> nats);
    void append(std::span<const Token> tokens, std::span<const float> nats);

    Backend backend_;
    KvCache cache_;
    ForwardPass forward_;
    Distiller distiller_;
    Utf8Validator validator_;
    std::string cut_off_;  // the beginning of a character whose end has not come
    Segmenter segmenter_;
    std::vector<Token> waiting_;        // tokens that no batch has read yet
    std::int64_t stream_position_ = 0;  // of the next token
    bool begun_ = false;                // the opening is queued
    std::vector<float> nats_;           // [n_batch]
    std::vector<Tag> tags_;             // [n_batch]
    std::span<const float> logits_;     // of what follows the last read()
};

}  // namespace infinipot
