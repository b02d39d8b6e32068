#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/utf8.h"
#include "cache/hidden_entries.h"
#include "engine/batched_per_token_eviction.h"
#include "engine/distil.h"
#include "engine/forward_pass.h"
#include "engine/per_token_eviction.h"
#include "engine/plan.h"
#include "infinipot/session.h"
#include "tensor/backend.h"
#include "text/segmenter.h"

namespace infinipot {

/// A session from the inside: text waits to become tokens, tokens wait to fill a batch, batches go
/// into the pot, and entries leave it as the schedule says.
class Session::Impl {
   public:
    Impl(const Model& model, SessionOptions options);

    /// What comes behind the tokens that wait to be read.
    enum class Remaining {
        text,     ///< more of it, perhaps: a batch that is not full yet waits as well
        answer,   ///< one that goes on as long as it likes, and stays
        nothing,  ///< that stays
    };

    void ingest(std::string_view text, const IngestOptions& options);
    void flush(Remaining behind, const IngestOptions& options = {});
    void interrupt() noexcept { backend_.interrupt(); }

    /// Where the pot stood, so that an answer can be taken back.
    struct Mark {
        int n_kv;
        std::int64_t stream_position;
        std::vector<float> preceding_state;
        bool observing;
    };
    Mark mark() const;
    void rewind(const Mark& mark);

    /// @throws Error(does_not_fit) unless a question of so many tokens leaves room behind it.
    void require_room(int n_question) const;

    /// Reads tokens to the end, after which logits() tell what follows. With `staying`, they are
    /// part of the stream, and room is made as the schedule says; without it they must fit.
    void read(std::span<const Token> tokens, bool staying);

    /// Whether a question of so many tokens will be the one that end_of_prompt() distils at.
    bool decides_eviction(int n_question) const;

    /// Reads one token that was drawn from logits().
    void read_generated(Token token, bool staying);

    /// Schedule::at_end: text and a question of n_question tokens have been read. Distils once for
    /// each text, and returns where the pot stands without the question.
    Mark end_of_prompt(int n_question, const Mark& before);

    std::span<const float> logits() const { return logits_; }  ///< [n_vocab]

    void require_no_generation() const;

    Model model;
    Plan plan;
    Stats stats;
    bool generating = false;  ///< a Generation is alive
    bool has_text = false;    ///< something was ingested

    KvCache& cache() { return cache_; }
    Distiller& distiller() { return distiller_; }
    const ForwardPass& forward() const { return forward_; }
    const PerTokenEviction* per_token() const {
        return per_token_eviction_ ? &*per_token_eviction_ : nullptr;
    }
    Stats current_stats() const;
    int room() const { return cache_.room(); }
    void distil() { distil(plan.options.budget.retain); }
    void distil(int n, int n_last = 0);  ///< see Distiller
    /// Measures what a question attends to.
    void attend(std::span<const Token> question);
    /// Shows the model only n entries, which the policy chooses by what was measured last, until
    /// rewind(); 0: all.
    void show_only(int n);

   private:
    /// A forward pass that is to come.
    struct Step {
        int n_tokens;
        bool observed;       ///< whether the attention of its tokens is measured
        bool counts = true;  ///< whether its queries count for what is selected later
    };

    void begin_stream();
    void enqueue(std::string_view text);
    void forget_cut_off();
    void tokenize(std::string_view segment);
    void read_waiting(Remaining behind, const IngestOptions& options, const Stopwatch& watch);
    Step next_step() const;
    Step next_prompt_step(std::size_t n_left, bool staying, bool deciding) const;
    void make_room(std::size_t n_to_come);
    void distil_for(std::size_t n_to_come);
    void leave_out_middle(std::size_t done);
    bool must_wait(std::size_t n_left) const;
    void report_progress(const IngestOptions& options, std::span<const Token> batch,
                         std::size_t n_waiting, const Stopwatch& watch) const;
    std::uint64_t bytes_in_pot(std::size_t n_waiting) const;
    int position() const;
    void read_batch(std::span<const Token> tokens, bool staying, const Step& step);
    bool evicts_in_batches() const;
    void read_in_batches(std::span<const Token> tokens);
    std::span<const Tag> tags_of(std::span<const Token> tokens, std::span<const float> nats);
    void run(std::span<const Token> tokens, bool observed);
    void accumulate_attention(int n_slots);
    std::span<const float> no_surprisal(std::span<const Token> tokens);
    std::span<const float> measure_surprisal(std::span<const Token> tokens, bool wholly = false);
    void append(std::span<const Token> tokens, std::span<const float> nats, bool staying,
                const Step& step);
    void evict_surplus();

    Backend backend_;
    KvCache cache_;
    ForwardPass forward_;
    Distiller distiller_;
    std::optional<PerTokenEviction> per_token_eviction_;
    std::optional<BatchedPerTokenEviction>
        batched_eviction_;  // where per_token_eviction_ allows it
    HiddenEntries::Scratch hiding_;
    std::optional<HiddenEntries> hidden_;  // from an answer, by show_only()
    Utf8Validator validator_;
    std::string cut_off_;  // the beginning of a character whose end has not come
    Segmenter segmenter_;
    std::vector<Token> waiting_;        // tokens that no batch has read yet
    std::int64_t stream_position_ = 0;  // of the next token
    std::int64_t ended_at_ = 0;         // of the last token that end_of_prompt() has seen
    bool begun_ = false;                // the opening is queued
    bool observing_ = false;            // the last run's attention is to be added to
    std::vector<float> nats_;           // [n_batch]
    std::vector<Tag> tags_;             // [n_batch]
    std::span<const float> logits_;     // of what follows the last read()
};

/// -ln P of a token in nats, from the logits of all.
float surprisal_from(std::span<const float> logits, Token token);

}  // namespace infinipot
