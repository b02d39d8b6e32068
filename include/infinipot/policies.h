#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/policy.h"

/// The policies that come with the library. A session runs each with the schedule and positions of
/// its source by default: see EvictionPolicy::schedule() and positions().
///
/// An option `value_norm` multiplies an entry's attention by a norm of its value. Source: VATP,
/// arXiv 2406.12335.
///
/// Every function throws Error(invalid_argument) for an option that is out of range.
namespace infinipot::policies {

/// Attention that InfiniPot ranks entries by.
enum class Probe {
    catalyst,  ///< attention of the catalyst prompt
    last,      ///< attention of the last token: the paper's "w/o CaP"
};

/// Heads that keep the same entries.
enum class Share {
    none,    ///< every head chooses its own, as in the paper
    heads,   ///< the heads of a layer, by the sum of their attention
    layers,  ///< all layers, by the maximum of attention over heads and layers
};

struct InfiniPotOptions {
    /// Share of the room that goes to the entries of highest surprisal, 0 to 1. Attention fills the
    /// rest.
    float novelty = 0.5f;
    /// Let entries that have survived a distillation compete by surprisal again. false: only
    /// entries read since the last distillation do.
    bool carried = true;
    Probe probe = Probe::catalyst;
    Share share = Share::layers;
    /// Entries over which the maximum of attention is taken: an odd number around each entry, or 1
    /// for no pooling, as in the paper. Empty: the entries of its sentence. Source: SnapKV.
    std::optional<int> pool = {};
    /// Entries over which surprisal is averaged, an odd number. Empty: the entries of a sentence,
    /// whose single tokens may have a low surprisal, digits above all.
    std::optional<int> novelty_pool = {};
    ValueNorm value_norm = ValueNorm::none;  ///< must be none with Share::layers
};

/// Options for the rule of InfiniPot's Appendix B. The default options keep more of the facts that
/// questions need.
constexpr InfiniPotOptions infinipot_of_the_paper = {
    .share = Share::none, .pool = 1, .novelty_pool = 1};

/// Keeps the highest surprisal (NuC), then the highest attention of the catalyst prompt (CaP).
/// Source: InfiniPot §3.3.
PolicyPtr infinipot(InfiniPotOptions options = {});

struct StreamingLlmOptions {
    int sinks = 4;  ///< entries at the start that are always kept
};

/// Keeps attention sinks and the most recent entries. Source: Xiao et al. 2024, arXiv 2309.17453.
PolicyPtr streaming_llm(StreamingLlmOptions options = {});

/// Keeps the most recent entries: a sliding window. Source: Mistral 7B, arXiv 2310.06825.
PolicyPtr swa();

struct H2oOptions {
    std::optional<int> recent = {};  ///< most recent entries to keep; empty: half of the room
    ValueNorm value_norm = ValueNorm::none;
};

/// Keeps heavy hitters, the entries that have received the most attention so far, and recent
/// entries. Each head chooses. Source: Zhang et al. 2023, arXiv 2306.14048.
PolicyPtr h2o(H2oOptions options = {});

struct TovaOptions {
    ValueNorm value_norm = ValueNorm::none;
};

/// Keeps the entries that the last token attends to most, averaged over all heads of a layer. All
/// heads of a layer keep the same entries. Source: Oren et al. 2024, arXiv 2401.06104.
PolicyPtr tova(TovaOptions options = {});

struct SirLlmOptions {
    int sinks = 4;   ///< entries at the start that are always kept
    int recent = 0;  ///< most recent entries to keep
};

/// Keeps sinks, the tokens of highest surprisal, and recent entries, the same in all heads. Source:
/// Yao et al. 2024, SirLLM (ACL 2024).
PolicyPtr sirllm(SirLlmOptions options = {});

enum class Pooling { average, maximum };

struct SnapKvOptions {
    int window = 32;  ///< last tokens, whose attention is the score; they are kept too
    int pool = 5;     ///< entries over which attention is pooled; odd, 1 for no pooling
    Pooling pooling = Pooling::average;
    ValueNorm value_norm = ValueNorm::none;
};

/// Keeps the entries that an observation window at the end attends to most, pooled over neighbours.
/// Each head chooses. Source: Li et al. 2024, arXiv 2404.14469.
PolicyPtr snapkv(SnapKvOptions options = {});

/// Reads the first and the last half of the text that fits, and skips the middle. Source:
/// LongBench.
PolicyPtr truncate();

struct SelfExtendOptions {
    int group = 8;          ///< tokens that share a position
    int neighbours = 1024;  ///< distance in tokens up to which positions are exact
};

/// Keeps every entry, as `full` does. Entries beyond the neighbours share positions in groups.
/// Source: Jin et al. 2024, arXiv 2401.01325.
PolicyPtr self_extend(SelfExtendOptions options = {});

/// Never evicts. A text that does not fit into the KV cache is an error.
PolicyPtr full();

struct KeyDiffOptions {
    int sinks = 0;  ///< entries at the start that are always kept
};

/// Keeps the keys that are least like the others of their head. Source: Park et al. 2025, arXiv
/// 2504.15364.
PolicyPtr keydiff(KeyDiffOptions options = {});

struct ExpectedAttentionOptions {
    int sinks = 4;         ///< entries at the start that are always kept
    float epsilon = 0.0f;  ///< added to the attention before it is weighted
    ValueNorm value_norm = ValueNorm::l2;
};

/// Keeps the entries with the highest expected attention of future queries, estimated from the
/// queries read so far. Source: Devoto et al. 2025, arXiv 2510.00636.
PolicyPtr expected_attention(ExpectedAttentionOptions options = {});

/// Keeps the keys of lowest norm. Source: Devoto et al. 2024, arXiv 2406.11430.
PolicyPtr l2norm();

struct RandomOptions {
    int seed = 1;
};

/// Keeps a new random choice of entries in each head at each selection: a baseline for every other
/// policy.
PolicyPtr random(RandomOptions options = {});

}  // namespace infinipot::policies

/// The registry of policies. The command line, docs/policies.md and the conformance test read it.
namespace infinipot {

/// One option of a registered policy, as `infinipot policies` prints it.
struct PolicyOption {
    std::string name;
    std::string default_value;
    std::string values;  ///< accepted values: `a number from 0 to 1`, `average or maximum`
    std::string help;    ///< one sentence
    /// Spellings of an older release that make_policy() still reads: `kernel`, `shared=0`.
    std::vector<std::string> formerly = {};
};

/// One row of the registry.
struct PolicyInfo {
    std::string name;
    std::string summary;  ///< one sentence: what the policy keeps
    std::string source;   ///< the paper that it comes from
    std::string cost;     ///< cost in addition to reading the text
    std::vector<PolicyOption> options = {};
    std::string needs = {};      ///< measurements that the engine makes for it
    std::string schedule = {};   ///< default schedule: when entries are evicted
    std::string positions = {};  ///< default positions: where entries sit afterwards
    /// The KV cache bounds memory for a text of any length. false: the whole text must fit into it.
    bool bounded = true;
};

/// Returns all registered policies in the order of help and documents.
const std::vector<PolicyInfo>& all_policies();

/// Makes a policy from its spec: `infinipot`, `infinipot:novelty=0.3`, `streaming_llm:sinks=8`.
/// Reads the spellings of the previous release too; EvictionPolicy::spec() prints today's.
/// @throws Error(invalid_argument) for an unknown name or option, or for a value out of range; the
/// sentence names the nearest known word.
PolicyPtr make_policy(std::string_view spec);

/// Returns `when-full`, `per-token`, `at-end` or `before-reading`.
std::string_view to_string(Schedule schedule);

/// Reads what to_string(Schedule) returns.
/// @throws Error(invalid_argument) for any other text; the sentence lists the known schedules.
Schedule parse_schedule(std::string_view text);

/// Returns `reset`, `keep` or `grouped:group=8,neighbours=1024`.
std::string to_string(const Positions& positions);

/// Reads what to_string(const Positions&) returns.
/// @throws Error(invalid_argument) for any other text; the sentence lists the known forms.
Positions parse_positions(std::string_view text);

}  // namespace infinipot
