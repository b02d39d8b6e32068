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

#include "infinipot/message.h"
#include "infinipot/model.h"
#include "infinipot/options.h"
#include "infinipot/snapshot.h"

namespace infinipot {

/// A number that is added to the logit of a token.
struct LogitBias {
    Token token = 0;
    float bias = 0;  ///< -1000 to 1000; -1000 in effect forbids the token
};

/// Settings of the sampler. They apply in the order of llama.cpp's default: penalties, top_k,
/// top_p, min_p, temperature. Temperature 0 is greedy decoding and ignores top_k, top_p, min_p and
/// seed.
struct Sampling {
    float temperature = 0.0f;
    int top_k = 40;                  ///< 0: all
    float top_p = 0.95f;             ///< 1: all
    float min_p = 0.05f;             ///< 0: all
    float repeat_penalty = 1.0f;     ///< factor, for the answer's last 64 tokens; 1: none
    float presence_penalty = 0.0f;   ///< subtracted from their logits; -100 to 100
    float frequency_penalty = 0.0f;  ///< the same for each of their occurrences; -100 to 100
    std::uint32_t seed = 0;
};

/// A token and the natural logarithm of its probability.
struct TokenLogprob {
    Token token = 0;
    std::string bytes = {};  ///< its text, maybe part of a character; none for control tokens
    float logprob = 0;       ///< in nats
};

/// A token of the answer and the tokens that the model gave most probability to in its place.
struct DrawnToken : TokenLogprob {
    std::vector<TokenLogprob> likeliest = {};  ///< GenerateOptions::n_logprobs, the best first
};

/// State of a reading that has not ended.
struct Progress {
    std::uint64_t bytes_read = 0;  ///< of all texts of the session, approximately
    std::uint64_t tokens_read = 0;
    std::uint64_t distillations = 0;
    double seconds = 0;  ///< since the current call began
    /// -ln P of each token of the batch just read, in nats, given the entries in the KV cache.
    /// Valid during the callback. Empty unless SessionOptions::measure_surprisal is set.
    std::span<const float> surprisal = {};
    /// Tokens of the batch just read. Valid during the callback. All batches together are the
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
    int min_tokens = 0;  ///< the answer cannot end before this many tokens
    /// Numbers that are added to logits, before any other setting of the sampler.
    std::vector<LogitBias> logit_bias = {};
    /// Strings in UTF-8 that end the answer. The answer ends before the first of them and does not
    /// contain it. Text that may be the beginning of one is held back until that is certain. Text
    /// of the first `min_tokens` tokens is not searched. generate() keeps the tokens before the one
    /// that completes the string.
    std::vector<std::string> stop = {};
    /// A grammar in llama.cpp's GBNF, at most 64 KiB. The answer follows its rule "root", and ends
    /// of itself only where the grammar allows it. Empty: none. Generating throws
    /// Error(invalid_argument) at a place from which the grammar can go on in too many ways.
    std::string grammar = {};
    /// A JSON schema, at most 64 KiB, that llama.cpp's converter turns into a grammar: the answer
    /// is JSON that satisfies it. Empty: none. It excludes `grammar`.
    std::string json_schema = {};
    /// Number of alternatives that Generation::logprobs() lists for every token: 0 to 20. Absent:
    /// logprobs() is empty.
    std::optional<int> n_logprobs = {};
    /// Whether a model that can think before it answers may do so, if its chat template leaves the
    /// choice. A grammar leaves no room for a thought.
    bool think = true;
    /// Most tokens of the thought, which is then ended as the chat template ends it. Absent: as
    /// many as the answer may have.
    std::optional<int> max_thinking_tokens = {};
    /// Tokens that end the answer, as the model's own end token does. They are no part of it.
    std::vector<Token> stop_tokens = {};
    /// Beginning of the answer of ask(), put behind the closing of the chat template. The model
    /// reads it like the question; the answer's text does not contain it.
    std::string answer_prefix = {};
};

/// Refuses options that ask() and generate() would refuse, which examine them only after the text
/// has been read.
/// @throws Error(invalid_argument) if a value is out of its range, options contradict each other,
/// or a grammar or JSON schema cannot be used.
/// @throws Error(bad_text) if a string is not UTF-8.
void validate(const Model& model, const GenerateOptions& options);

/// Why an answer ended.
enum class StopReason {
    end_of_answer,  ///< the model drew its end token or a stop token, or the grammar ended
    stop_string,    ///< one of GenerateOptions::stop came
    max_tokens,     ///< GenerateOptions::max_tokens
    pot_full,       ///< ask() used up the free slots of the KV cache
};

/// Counters of a session. Seconds are wall-clock and add up over the session's life, unless a
/// member says otherwise.
struct Stats {
    std::uint64_t bytes_read = 0;
    std::uint64_t tokens_read = 0;  ///< of ingested text, without catalyst and questions
    std::uint64_t tokens_generated = 0;
    std::uint64_t tokens_left_out = 0;  ///< of ingested text: see Schedule::before_reading
    std::uint64_t distillations = 0;    ///< number of times that entries were evicted
    int n_kv = 0;                       ///< entries per head in the KV cache now
    int peak_n_kv = 0;                  ///< most entries ever, the catalyst's included
    /// Keys, rotated keys, values and tags, and what local and recurrent layers keep; fixed at
    /// construction.
    std::size_t pot_bytes = 0;
    /// Bytes that attention reads per entry: rotated key and value in all layers that have entries.
    std::size_t attended_entry_bytes = 0;
    std::size_t compute_bytes = 0;  ///< scratch memory of its own; fixed at construction
    double prefill_seconds = 0;     ///< reading text, including the next four
    double surprisal_seconds = 0;
    double catalyst_seconds = 0;
    double select_seconds = 0;
    double gather_seconds = 0;
    double decode_seconds = 0;
    double graph_seconds = 0;  ///< building graphs, for prefill and decode
    double ttft_seconds = 0;   ///< of the last answer: from the question to its first token
    int answer_budget = 0;     ///< entries that the last answer was generated from; 0: all
};

/// A token of the stream that is still in the KV cache.
struct KeptToken {
    std::int64_t position = 0;  ///< in the stream, from 0
    Token token = 0;
    float share = 0;  ///< of the heads, over all layers, that keep it; more than 0, at most 1
};

class Session;

/// One answer while it is generated: an input range of text pieces, each of whole UTF-8 characters.
/// Reading the range generates the tokens, on the reading thread. A session has one Generation at a
/// time, which must not outlive the session. Destroying it early ends the answer.
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

    /// Generates the rest of the answer and returns it as one string, without what the model
    /// thought before it answered.
    std::string text();

    /// Returns whether the current piece is part of what the model thought before it answered.
    bool is_thinking() const { return is_thinking_; }

    /// Returns why the answer ended. Valid once the range is exhausted.
    StopReason stop_reason() const;
    int n_tokens() const;  ///< number of tokens generated so far

    /// Returns the tokens drawn for the current piece, those of held back text included, with the
    /// probabilities of the model's softmax before any sampler. After the last piece: the tokens
    /// that are part of no piece, such as those of a stop string. Valid until the next piece is
    /// generated.
    std::span<const DrawnToken> logprobs() const;

    class Impl;

   private:
    friend class Session;
    explicit Generation(std::unique_ptr<Impl> impl);
    void next();

    std::unique_ptr<Impl> impl_;
    std::string piece_;
    std::string_view piece_view_;
    bool is_thinking_ = false;
    bool done_ = false;
};

/// A KV cache of fixed size that reads texts of any length and answers questions about them.
///
/// The constructor allocates all memory; nothing grows with the text. The result of reading does
/// not depend on how the text is cut into calls: the same bytes leave the same entries. A session
/// belongs to one thread at a time, but any thread may call interrupt(). Several sessions may share
/// a Model.
class Session {
   public:
    /// @throws Error(invalid_argument) or Error(does_not_fit) if the options contradict each other
    /// or the model.
    /// @throws Error(out_of_memory) if the machine lacks the memory that the budget needs.
    explicit Session(const Model& model, SessionOptions options = {});
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    /// Reads text to its end and distils as the schedule says. Text waits if it does not fill a
    /// batch, or if the KV cache is full and it could be the end of the text (Budget::fill). It is
    /// read when more text comes, when flush() is called or when a question is asked. After an
    /// error Stats::bytes_read is the number of bytes taken of all texts. Nothing of them is lost,
    /// and reading can go on from there.
    /// @throws Error(bad_text) at the first byte that is not UTF-8.
    /// @throws Error(does_not_fit) if the policy evicts nothing and the KV cache is full.
    /// @throws Error(interrupted) after interrupt().
    void ingest(std::string_view text, const IngestOptions& options = {});
    void ingest(std::istream& text, const IngestOptions& options = {});

    /// Reads the text that still waits, as the end of the text.
    void flush(const IngestOptions& options = {});

    /// Answers from the entries and leaves no trace: afterwards the KV cache is as it was before,
    /// so the fifth question is answered as if it were the first. With Schedule::at_end the first
    /// question decides which entries of the text are kept, and later questions use those.
    /// @throws Error(does_not_fit) if the question alone is larger than the room that is left.
    Generation ask(std::string_view question, const GenerateOptions& options = {});

    /// Continues `text`, and keeps both the text and the generated tokens. Distils whenever the KV
    /// cache is full, so generation can go on for ever. The text is not put into the chat template.
    Generation generate(std::string_view text, const GenerateOptions& options = {});

    /// Says the next messages of a conversation and generates the assistant's reply. Both stay in
    /// the KV cache, are distilled with everything else, and never end for want of room. Only what
    /// is new is read: the model's own chat template writes it behind what was said before. A text
    /// that was read since the last reply belongs to the first message, which must be the user's.
    /// What looks like a control token in a message is read as plain characters.
    ///
    /// What the model thinks before it answers is forgotten when the user speaks again, if the chat
    /// template forgets it and the schedule is when-full. After an error the conversation is as it
    /// was. The last turns can be taken back: see undo().
    /// @throws Error(unsupported_model) if the model has no chat template.
    /// @throws Error(invalid_argument) if there is no message, or if the template refuses them.
    /// @throws Error(bad_text) if a message is not UTF-8.
    /// @throws Error(does_not_fit) if the policy evicts nothing and the KV cache is full.
    /// @throws Error(interrupted) after interrupt().
    Generation reply(std::span<const Message> messages, const GenerateOptions& options = {});

    /// The same for one message of the user.
    Generation reply(std::string_view words, const GenerateOptions& options = {});

    /// Takes back the last reply and the messages that it answered: the session is as it was
    /// before, bit for bit. Returns false if there is no such reply. The last 32 replies can be
    /// taken back, until entries were evicted twice since. The first eviction copies the KV cache,
    /// so that a conversation may need Stats::pot_bytes more.
    /// @throws Error(invalid_argument) while an answer is generated.
    bool undo();

    /// Returns how many replies undo() can take back.
    int n_undo() const;

    /// Returns every token that at least one head keeps, in the order of the stream.
    std::vector<KeptToken> kept() const;

    /// Writes a snapshot: everything that a session needs to go on from here as this one would, bit
    /// for bit, on the same machine. `texts` are remembered in it, for whoever reads on. The file
    /// takes the place of an older one at once and whole: after a crash one of the two is there.
    /// @throws Error(file_error) if the file cannot be written.
    /// @throws Error(invalid_argument) while an answer is generated.
    void save(const std::filesystem::path& path, std::span<const TextRead> texts = {});

    /// Goes on from a snapshot of a session with this model. The KV cache is mapped, so that
    /// sessions share the file's pages until they change them; the file must not be changed while
    /// it is used, but save() may take its place.
    /// @throws Error(file_error) if the file cannot be read.
    /// @throws Error(bad_snapshot) if it is damaged, of another version or model or unknown policy.
    /// @throws Error(invalid_argument) if the options do not fit it, or its policy this device.
    /// @throws Error(out_of_memory)
    static Session restore(const Model& model, const std::filesystem::path& path,
                           const RestoreOptions& options = {});

    /// Returns a session that goes on from here, independent of this one. The two share the pages
    /// of the KV cache until they change them, and the threads and scratch memory, on which they
    /// take turns if two threads use them at one time.
    /// @throws Error(out_of_memory)
    /// @throws Error(invalid_argument) while an answer is generated.
    Session fork();

    /// Makes the running call throw Error(interrupted) soon. Any thread or signal handler may call
    /// this function.
    void interrupt() noexcept;

    const ResolvedOptions& options() const;  ///< what resolve() returns for the session's options
    const ResolvedBudget& budget() const;    ///< options().budget
    const Model& model() const;
    Stats stats() const;

    class Impl;

   private:
    friend struct Access;  // the library's own
    explicit Session(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace infinipot
