#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/model.h"
#include "infinipot/options.h"

namespace infinipot {

/// Temperature 0 is greedy, and then nothing else matters.
struct Sampling {
    float temperature = 0.0f;
    int top_k = 40;               ///< 0: all
    float top_p = 0.95f;          ///< 1: all
    float min_p = 0.05f;          ///< 0: all
    float repeat_penalty = 1.0f;  ///< over the last 64 tokens; 1: none
    std::uint32_t seed = 0;
};

/// How far a reading has come.
struct Progress {
    std::uint64_t bytes_read = 0;  ///< of the session's texts, about
    std::uint64_t tokens_read = 0;
    std::uint64_t distillations = 0;
    double seconds = 0;  ///< since this call began
    /// -ln P in nats of each token of the batch just read, given what the pot held; valid during
    /// the callback. Empty unless SessionOptions::measure_surprisal is set.
    std::span<const float> surprisal = {};
    /// The tokens of the batch just read, valid during the callback. All batches together are the
    /// stream: the opening of the chat template, then the text.
    std::span<const Token> tokens = {};
};

struct IngestOptions {
    /// Called after every batch, on the calling thread.
    std::function<void(const Progress&)> on_progress = {};
};

struct GenerateOptions {
    Sampling sampling = {};
    int max_tokens = 256;
    int min_tokens = 0;  ///< before so many, nothing that would end the answer is drawn
    /// Tokens that end the answer as the model's own end does, and are no part of it.
    std::vector<Token> stop_tokens = {};
    /// What the answer of ask() begins with, behind all that the chat template puts before one:
    /// read like the question, and no part of the answer's text.
    std::string answer_prefix = {};
};

/// Why an answer ended.
enum class StopReason {
    end_of_answer,  ///< the model said so, or drew a stop token
    max_tokens,     ///< GenerateOptions::max_tokens
    pot_full,       ///< ask() used up the room that the pot had left
};

/// Seconds are wall-clock and add up over the session's life, unless said otherwise.
struct Stats {
    std::uint64_t bytes_read = 0;
    std::uint64_t tokens_read = 0;  ///< of ingested text; the catalyst and questions not counted
    std::uint64_t tokens_generated = 0;
    std::uint64_t tokens_left_out = 0;  ///< of ingested text: see Schedule::before_reading
    std::uint64_t distillations = 0;    ///< times that entries left the pot
    int n_kv = 0;                       ///< entries in the pot now
    int peak_n_kv = 0;                  ///< most entries ever, the catalyst's included
    std::size_t pot_bytes = 0;  ///< keys, rotated keys, values and tags; fixed at construction
    std::size_t attended_entry_bytes = 0;  ///< what attention reads of one entry: rotated key and
                                           ///< value in all layers and heads
    std::size_t compute_bytes = 0;         ///< scratch for activations; fixed at construction
    double prefill_seconds = 0;            ///< reading text, all of the following four included
    double surprisal_seconds = 0;
    double catalyst_seconds = 0;
    double select_seconds = 0;
    double gather_seconds = 0;
    double decode_seconds = 0;
    double graph_seconds = 0;  ///< building graphs, of reading and of writing
    double ttft_seconds = 0;   ///< of the last answer: from the question to its first token
    int answer_budget = 0;     ///< entries that the last answer was generated from; 0: all
};

class Session;

/// One answer while it is being generated: an input range of text pieces, each whole UTF-8. The
/// tokens come as the range is read, on the reading thread. One Generation of a session lives at a
/// time, and not longer than its session; destroying it early ends the answer.
class Generation {
   public:
    class iterator {
       public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string_view*;
        using reference = const std::string_view&;

        reference operator*() const { return generation_->piece_view_; }
        iterator& operator++() {
            generation_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return generation_->done_; }

       private:
        friend class Generation;
        explicit iterator(Generation* generation) : generation_(generation) {}
        Generation* generation_;
    };

    Generation(Generation&& other) noexcept;
    Generation& operator=(Generation&&) = delete;
    ~Generation();

    iterator begin() { return iterator(this); }
    std::default_sentinel_t end() const { return {}; }

    /// All that is left of the answer, as one string.
    std::string text();

    /// Valid once the range is exhausted.
    StopReason stop_reason() const;
    int n_tokens() const;  ///< tokens generated so far

    class Impl;

   private:
    friend class Session;
    explicit Generation(std::unique_ptr<Impl> impl);
    void next();

    std::unique_ptr<Impl> impl_;
    std::string piece_;
    std::string_view piece_view_;
    bool done_ = false;
};

/// A pot of fixed size that reads texts of any length and answers questions about them.
///
/// All memory is allocated by the constructor; nothing grows with the text. Reading is independent
/// of how the text is cut into calls: the same bytes leave the same pot. A session belongs to one
/// thread at a time, interrupt() excepted; several sessions may share a Model.
class Session {
   public:
    /// @throws Error(invalid_argument) or Error(does_not_fit) if the options contradict each other
    /// or
    ///         the model, Error(out_of_memory) if the machine has not got what the budget asks for.
    explicit Session(const Model& model, SessionOptions options = {});
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    /// Reads text to its end, distilling as the schedule says. Text that does not fill a batch, and
    /// at a full pot what could be all that is left (Budget::fill), waits until more comes, flush()
    /// is called or a question is asked. After an error,
    /// Stats::bytes_read says how much of all texts was taken; nothing of that is lost, and reading
    /// can go on from there.
    /// @throws Error(bad_text) at the first byte that is not UTF-8.
    /// @throws Error(does_not_fit) if the policy evicts nothing and the pot is full.
    /// @throws Error(interrupted) after interrupt().
    void ingest(std::string_view text, const IngestOptions& options = {});
    void ingest(std::istream& text, const IngestOptions& options = {});

    /// Reads what still waits, as the end of the text.
    void flush(const IngestOptions& options = {});

    /// Answers from what was read and leaves no trace: the pot is afterwards as it was before, so
    /// the fifth question is answered as if it were the first. With Schedule::at_end the first
    /// question decides what of the text is kept, and later ones are answered from that.
    /// @throws Error(does_not_fit) if the question alone is larger than the room that is left.
    Generation ask(std::string_view question, const GenerateOptions& options = {});

    /// Continues `text` and keeps both the text and what is generated, distilling whenever the pot
    /// is full: it can go on for ever. The text is taken as it is, without the chat template.
    Generation generate(std::string_view text, const GenerateOptions& options = {});

    /// Makes the running call throw Error(interrupted) soon. Any thread or signal handler may call
    /// it.
    void interrupt() noexcept;

    const ResolvedOptions& options() const;  ///< as resolve() gives them
    const ResolvedBudget& budget() const;    ///< that of options()
    const Model& model() const;
    Stats stats() const;

    class Impl;
    Impl& impl() { return *impl_; }  ///< for the library's own tests

   private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace infinipot
