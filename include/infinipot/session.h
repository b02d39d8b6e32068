#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/kv_type.h"
#include "infinipot/model.h"
#include "infinipot/policies.h"
#include "infinipot/policy.h"

namespace infinipot {

/// How much a session may remember. All counts are entries per KV head and layer.
/// A value left at `automatic` is filled in by the session; Session::budget() shows the result.
struct Budget {
    static constexpr int automatic = -1;

    /// The hard cap |M|: no more entries exist at any time, the catalyst's included.
    /// Automatic: the model's trained window, at most 4096.
    int capacity = automatic;
    /// Entries that survive a distillation, |C|. Automatic: half of the capacity; with
    /// Schedule::per_token, where the pot stays at it, all but the reserve.
    int retain = automatic;
    /// With Schedule::when_full, use all the room at the end of a text: its last distillation lets
    /// go only what the rest of the text has no room beside, and all that was read since the one
    /// before stays, as far as it can. false: down to `retain` there too, as the paper does.
    bool fill = true;
    /// Entries that reading leaves free, so that a question and its answer always fit.
    /// Automatic: an eighth of the capacity.
    int reserve = automatic;
    /// Oldest entries that are never evicted. Automatic: the opening of the chat template, at
    /// least 4.
    int protect_first = automatic;
    /// Most recent entries that are never evicted. Automatic: a sixteenth of the capacity, at most
    /// a quarter of `retain`.
    int protect_recent = automatic;
    /// Cap in bytes on the pot (keys, their rotated copy, values, tags); 0 for none. It is turned
    /// into the largest capacity that fits; with `capacity` given too, the smaller one holds.
    std::size_t memory_bytes = 0;
    /// Allow a capacity above the model's trained window, where its positions are untrained.
    bool beyond_window = false;
};

/// How a session puts text and questions to the model.
enum class Framing {
    chat,  ///< the text and the question as one user turn of the model's chat template, if it has
           ///< one
    raw,   ///< just the text and the question, as they are
};

struct SessionOptions {
    static constexpr int automatic = Budget::automatic;  ///< filled in by the session, or tried out

    Budget budget = {};
    PolicyPtr policy = nullptr;               ///< null: infinipot()
    std::optional<Schedule> schedule = {};    ///< nothing: as the policy's source does it
    std::optional<Positions> positions = {};  ///< likewise
    /// How the pot stores numbers. For those with blocks of 32, q8_0 and q4_0, head sizes must be
    /// multiples of 32.
    KvType kv_type = KvType::f16;
    Framing framing = Framing::chat;
    /// What stands between the text and a question (or the catalyst) within one chat turn. Empty
    /// for questions that bring their own, such as the rest of a benchmark's prompt.
    std::string separator = "\n\n";
    /// The catalyst prompt: run when the pot is full, used to score its entries, then removed
    /// (CaP). Empty: general_catalyst. The question itself makes a query-aware session (CaP-Q).
    std::string catalyst = {};
    /// Entries that an answer is written from, chosen anew for its question from all that the pot
    /// holds, by the policy with the question as catalyst; the others wait in the pot meanwhile.
    /// Fewer entries distract a small model less. 0: all. Automatic, once something has left the
    /// pot: all, unless the model is much surer of an answer's first words with half or with an
    /// eighth of the capacity; it writes them three times to see, unless the question alone takes
    /// more than an eighth. Only for policies that use a catalyst, with schedule when-full and
    /// positions reset; elsewhere automatic is all.
    int focus = automatic;
    /// Score every token that is read, though the policy may not ask for it: see
    /// Progress::surprisal.
    bool measure_surprisal = false;
    int n_batch = 512;  ///< tokens per forward pass while reading
    int n_threads = 0;  ///< 0: as many as there are cores, at most 8
};

/// A catalyst prompt with a name.
struct Catalyst {
    std::string_view name;
    std::string_view text;
};

/// The general catalyst prompt (CaP-G), two variants of it, and two that do not serve the purpose,
/// for comparison. Source: InfiniPot Table 2, whose wordings we do not have: these are our own.
std::span<const Catalyst> catalysts();

/// The first of them.
extern const std::string_view general_catalyst;

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
    int focus = 0;             ///< of the last answer: the entries that it is written from; 0: all
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

/// The budget that a session with such options has, every automatic value filled in. Allocates
/// nothing.
/// @throws as Session, but never Error(out_of_memory)
Budget resolved_budget(const Model& model, SessionOptions options);

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

    const Budget& budget() const;  ///< with every automatic value filled in
    const SessionOptions& options() const;
    const Model& model() const;
    Stats stats() const;

    class Impl;
    Impl& impl() { return *impl_; }  ///< for the library's own tests

   private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace infinipot
