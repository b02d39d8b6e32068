#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "infinipot/kv_type.h"
#include "infinipot/model.h"
#include "infinipot/policies.h"
#include "infinipot/policy.h"

namespace infinipot {

/// Limits of a session's KV cache, in entries per layer and KV head. resolve() and Session choose
/// every value that is left empty.
struct Budget {
    /// Hard cap |M|: the cache never holds more entries, the catalyst's included.
    /// Empty: the model's trained window, at most 4096.
    std::optional<int> capacity = {};
    /// Entries that survive a distillation, |C|. Empty: half of the capacity; with
    /// Schedule::per_token, which keeps the cache at this size, the capacity less the reserve.
    std::optional<int> retain = {};
    /// With Schedule::when_full, the last distillation of a text evicts only what the rest of the
    /// text needs room for, and keeps everything read since the previous one if it can. false: the
    /// last distillation evicts down to `retain` too, as in the paper.
    bool fill = true;
    /// Entries that reading leaves free for a question and its answer.
    /// Empty: an eighth of the capacity.
    std::optional<int> reserve = {};
    /// Oldest entries that are never evicted.
    /// Empty: the opening of the chat template, at least 4 and at most a quarter of `retain`.
    std::optional<int> protect_first = {};
    /// Most recent entries that are never evicted.
    /// Empty: a sixteenth of the capacity, at most a quarter of `retain`.
    std::optional<int> protect_recent = {};
    /// Cap in bytes on keys, rotated keys, values and tags; the session uses the largest capacity
    /// that fits, at most `capacity`, or the model's window if `capacity` is empty. Empty: no cap
    /// in bytes.
    std::optional<std::size_t> memory_bytes = {};
    /// Allow a capacity above the model's trained window, where its positions are untrained.
    bool beyond_window = false;
};

/// Form in which text and questions reach the model.
enum class Framing {
    chat,  ///< text and question are one user turn of the model's chat template, if it has one
    raw,   ///< text and question reach the model unchanged
};

/// Number of entries that an answer is generated from. The policy chooses them for each question,
/// with the question as catalyst; the session hides the others until the answer ends.
struct AnswerBudget {
    enum Rule {
        all,  ///< every entry of the cache
        /// Once something was evicted: all, unless the model is much more confident of an answer's
        /// first words with half or an eighth of the capacity. The session generates them up to
        /// three times to compare, unless the question takes more than an eighth of the capacity.
        automatic,
        fixed,  ///< n entries
    };
    Rule rule = all;
    int n = 0;  ///< entries of rule fixed; ignored otherwise

    bool operator==(const AnswerBudget&) const = default;
};

/// Settings of a session. The session chooses every empty value; resolve() returns its choice.
struct SessionOptions {
    Budget budget = {};
    PolicyPtr policy = nullptr;               ///< null: infinipot()
    std::optional<Schedule> schedule = {};    ///< empty: the policy's own
    std::optional<Positions> positions = {};  ///< empty: the policy's own
    /// Number format of the cache. Types with blocks of 32, q8_0 and q4_0, need head sizes that are
    /// multiples of 32.
    KvType kv_type = KvType::f16;
    Framing framing = Framing::chat;
    /// System message that the stream begins with. It is never evicted, unless
    /// Budget::protect_first says otherwise. Empty: what the model's chat template begins with by
    /// itself.
    std::string system_prompt = {};
    /// Text between the ingested text and a question (or the catalyst) within one chat turn. Empty
    /// for questions that bring their own, such as the rest of a benchmark's prompt.
    std::string separator = "\n\n";
    /// Catalyst prompt: run when the cache is full, used to score its entries, then removed (CaP).
    /// Empty: general_catalyst. The question itself makes a query-aware session (CaP-Q).
    std::string catalyst = {};
    /// Entries that an answer is generated from. Rules other than all need a policy with a
    /// catalyst, schedule when-full and positions reset. Rule automatic becomes all without them.
    AnswerBudget answer_budget = {};
    /// Measure the surprisal of every token read, even if the policy does not need it: see
    /// Progress::surprisal.
    bool measure_surprisal = false;
    /// Tokens per forward pass while reading. Local layers need room for them: there they are at
    /// most half a window, or a sixteenth of the capacity if that is more.
    int n_batch = 512;
    std::optional<int> n_threads = {};  ///< empty: one per core, at most 8
};

/// Budget with every value chosen. Entries per layer and KV head.
struct ResolvedBudget {
    int capacity = 0;
    int retain = 0;
    bool fill = false;  ///< false unless the schedule is when-full
    int reserve = 0;
    int protect_first = 0;
    int protect_recent = 0;
    std::size_t memory_bytes = 0;  ///< Budget::memory_bytes; 0: no cap in bytes
    bool beyond_window = false;
};

/// SessionOptions with every value chosen.
struct ResolvedOptions {
    ResolvedBudget budget = {};
    PolicyPtr policy = nullptr;  ///< never null
    Schedule schedule = {};
    Positions positions = {};
    KvType kv_type = KvType::f16;
    Framing framing = Framing::chat;
    std::string system_prompt = {};
    std::string separator = {};
    std::string catalyst = {};
    AnswerBudget answer_budget = {};  ///< automatic only if the session compares several budgets
    bool measure_surprisal = false;
    int n_batch = 0;  ///< tokens per forward pass, at most the room between two evictions
    int n_threads = 0;
};

/// Returns the options that a session with `options` runs with. Allocates no cache and runs no
/// model.
/// @throws Error as Session::Session does, but never Error(out_of_memory).
ResolvedOptions resolve(const Model& model, SessionOptions options);

/// Returns the number of entries that `question` and an answer of up to `max_tokens` tokens take
/// behind a text: separator, question, closing of the chat template, answer prefix and answer. With
/// max_tokens = 0 the answer takes none. Tokenises and runs no model.
int answer_room(const Model& model, const SessionOptions& options, std::string_view question,
                int max_tokens, std::string_view answer_prefix = {});

/// Returns the number of tokens around a text and its question: BOS and, with Framing::chat, the
/// opening and the closing of the model's chat template.
int frame_tokens(const Model& model, Framing framing);

/// Raises an empty Budget::reserve to `n_entries`, for instance the largest answer_room() of the
/// questions to come. The reserve is at least its default, and at most half of the entries between
/// two distillations. A reserve that is set already stays as it is.
/// @throws Error as resolve() does.
void raise_reserve(const Model& model, int n_entries, SessionOptions& options);

/// The catalyst prompt of a session that names none (CaP-G). Source: InfiniPot Table 2, which does
/// not give the wording; this one is ours.
inline constexpr std::string_view general_catalyst =
    "Summarize the previous context, highlighting the most important parts.";

}  // namespace infinipot
