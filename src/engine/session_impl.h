#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "cache/hidden_entries.h"
#include "engine/checkpoints.h"
#include "engine/context_writer.h"
#include "engine/text_intake.h"
#include "infinipot/session.h"
#include "infinipot/snapshot.h"
#include "tensor/backend.h"
#include "text/next_prompt.h"

namespace infinipot {

/// What is read before a reply.
struct ReplyPrompt {
    std::vector<Token> tokens = {};
    std::string opener = {};      ///< what the prompt begins the answer with, in control words
    bool begins_thought = false;  ///< whether the opener begins a thought
};

/// A session's text becomes tokens (TextIntake), tokens wait to fill a step (reading_steps.h), and
/// a step becomes entries of the KV cache (ContextWriter). This class says when: it ingests, makes
/// room, reads, answers and rewinds. It belongs to one thread at a time, interrupt() excepted.
class Session::Impl {
   public:
    /// @throws Error(invalid_argument) or Error(does_not_fit) as make_plan() does.
    /// @throws Error(out_of_memory)
    Impl(const Model& model, SessionOptions options);

    /// Makes a session with a plan. With `image`, its KV cache is that of the image. With `parent`,
    /// a session of the same plan, it shares that one's threads and scratch memory.
    /// @throws Error(out_of_memory)
    Impl(const Model& model, Plan plan, const CacheImage* image = nullptr,
         const Impl* parent = nullptr);

    /// Writes a snapshot, with the texts that were read.
    /// @throws Error(file_error)
    void save(const std::filesystem::path& path, std::span<const TextRead> texts);

    /// Reads a snapshot.
    /// @throws as Session::restore() does
    static std::unique_ptr<Impl> restore(const Model& model, const std::filesystem::path& path,
                                         const RestoreOptions& options);

    /// Reads the state that a snapshot has behind the plan. The plan and the KV cache must already
    /// be the snapshot's. After an error the session is of no use until a state could be read.
    /// @throws Error(bad_snapshot)
    void read_state(StateArchive& archive);

    /// Returns a session that goes on from here on its own.
    /// @throws Error(out_of_memory)
    std::unique_ptr<Impl> fork();

    /// Prepares the reply to the next messages of the conversation, and remembers where it begins.
    /// @throws Error(unsupported_model) if the model has no chat template for it
    /// @throws Error(invalid_argument) if the template refuses the messages
    ReplyPrompt begin_reply(std::span<const Message> messages, bool think);

    /// Returns whether an answer is read again without its thought once the user speaks again.
    bool forgets_thoughts() const;

    /// Says that the prompt of a reply was read but for its opener, if forgets_thoughts().
    void begin_answer() { checkpoints_.begin_answer(checkpoint()); }

    /// Returns the prompt of a question, which leaves no trace.
    std::vector<Token> question_prompt(std::string_view question, const GenerateOptions& options);

    /// Says that the answer of a reply has ended. `unread`: its last token, if that was not read.
    /// `answer`: the answer without its thought, if it had one or its prompt began one.
    void end_answer(std::optional<Token> unread, std::optional<std::string> answer);

    /// Takes the last reply back. Returns false if there is none that can be taken back.
    bool undo();

    /// Returns how often undo() can be called.
    int n_undo() const { return checkpoints_.n_turns(); }

    /// Returns where the conversation stands.
    Turn turn() const { return turn_; }

    /// The input that follows the tokens that wait to be read.
    enum class Remaining {
        text,     ///< perhaps more text: a batch that is not full yet waits as well
        answer,   ///< an answer of any length, which stays
        nothing,  ///< nothing that stays
    };

    void ingest(std::string_view text, const IngestOptions& options);
    void flush(Remaining remaining, const IngestOptions& options = {});
    void interrupt() noexcept { backend_.interrupt(); }

    /// Marks the cache, so that an answer can be forgotten.
    using Mark = ContextWriter::Mark;
    Mark mark() const { return writer_.mark(); }

    /// Restores hidden entries and forgets the tokens read since the mark.
    void rewind(const Mark& mark);

    /// @throws Error(does_not_fit) unless a question of so many tokens leaves room for an answer
    void require_room(int n_question) const;

    /// Reads all tokens; logits() then predict the next one. With `staying`, they are part of the
    /// stream, and room is made as the schedule says; without it they must fit.
    void read(std::span<const Token> tokens, bool staying);

    /// Reads one token that was drawn from logits().
    void read_generated(Token token, bool staying);

    /// Schedule::at_end: to be called when the text and a question of n_question tokens have been
    /// read. Distils once for each text. Returns the mark of the cache without the question.
    Mark end_of_prompt(int n_question, const Mark& before);

    /// Returns the logits that follow the last token read: [n_vocab], valid until the next one.
    std::span<const float> logits() const { return logits_; }

    /// Measures what a question attends to, for show_only().
    void attend(std::span<const Token> question) { writer_.attend(question); }

    /// Hides all but n entries of each head until rewind(). The policy chooses them by what was
    /// measured last. 0 hides none.
    void show_only(int n);

    /// Says whether a Generation is alive; ingest() and flush() refuse to run while one is.
    void set_generating(bool generating) { generating_ = generating; }

    /// Records in stats() the entries of an answer (0: all) and the time to its first token.
    void record_answer(int answer_budget, double ttft_seconds);
    void record_generated_token() { ++stats_.tokens_generated; }
    void record_decoding(double seconds) { stats_.decode_seconds += seconds; }

    const Model& model() const { return model_; }
    const Plan& plan() const { return plan_; }
    Stats stats() const;
    std::vector<KeptToken> kept() const;
    bool has_text() const { return turn_ == Turn::users; }
    bool has_evicted() const { return writer_.n_distillations() > 0; }
    int room() const { return cache_.room(); }

    // The parts, and a distillation on demand, for tests.
    KvCache& cache() { return cache_; }
    const ForwardPass& forward() const { return forward_; }
    Distiller& distiller() { return writer_.distiller(); }
    const PerTokenEviction* per_token() const { return writer_.per_token(); }
    void distil() { distil({.n_kept = plan_.options.budget.retain}); }

   private:
    void serialize(StateArchive& archive);
    void distil(const Distillation& distillation);
    bool only_appends() const;
    Checkpoint checkpoint();
    void go_back(const Checkpoint& point);
    void begin_words();
    void forget_thought();
    void require_sound_tags() const;
    void require_no_generation() const;
    void read_waiting(Remaining remaining, const IngestOptions& options, const Stopwatch& watch);
    void leave_out_middle();
    void make_room(std::size_t n_to_come);
    bool decides_eviction(int n_question) const;
    void report_progress(const IngestOptions& options, std::span<const Token> batch,
                         std::size_t n_waiting, const Stopwatch& watch) const;

    Model model_;
    Plan plan_;
    Backend backend_;
    KvCache cache_;
    ForwardPass forward_;
    TextIntake intake_;
    ContextWriter writer_;
    HiddenEntries::Scratch hiding_;
    std::optional<HiddenEntries> hidden_;  // by show_only(), until rewind()
    std::span<const float> logits_;        // that follow the last read()
    std::int64_t ended_at_ = 0;            // stream position of the last end_of_prompt()
    bool generating_ = false;
    Turn turn_ = Turn::beginning;
    std::optional<std::string>
        answer_without_thought_;  // the last answer's, until it is read again
    Checkpoints checkpoints_;
    Stats stats_;  // but for what writer_ and intake_ count
};

}  // namespace infinipot
