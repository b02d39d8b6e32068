#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/policy.h"

/// The policies that come with the library. Without other session options each is run as its source
/// runs it: see EvictionPolicy::schedule() and positions().
///
/// Where attention is a score, `value_norm` names the norm of the entry's value by which it is
/// multiplied. Source: VATP, arXiv 2406.12335.
///
/// All functions throw Error(invalid_argument) for an option out of its range.
namespace infinipot::policies {

/// Which attention InfiniPot ranks entries by.
enum class Probe {
    catalyst,  ///< the catalyst prompt's
    last,      ///< the last token's: the paper's "w/o CaP"
};

/// Who keeps the same entries.
enum class Share {
    none,    ///< nobody, as in the paper
    heads,   ///< the heads of a layer, by the sum of their attention
    layers,  ///< all layers, by the maximum of attention over heads and layers
};

struct InfiniPotOptions {
    /// Share of the room that goes to the entries of highest surprisal, 0 to 1. Attention fills the
    /// rest.
    float novelty = 0.5f;
    /// Whether an entry that has survived a distillation still competes by its surprisal. If false,
    /// only entries read since the last distillation do.
    bool carried = true;
    Probe probe = Probe::catalyst;
    Share share = Share::layers;
    /// Entries over which the maximum of attention is taken: an odd number around each, 1 for none
    /// as in the paper. Empty: the entries of its sentence. Source of the pooling: SnapKV.
    std::optional<int> pool = {};
    /// Entries over which surprisal is averaged, an odd number. Empty: the entries of a sentence,
    /// whose single tokens, digits above all, may have a low surprisal.
    std::optional<int> novelty_pool = {};
    ValueNorm value_norm = ValueNorm::none;  ///< none where layers share
};

/// The rule of InfiniPot's Appendix B. The defaults keep more of what questions ask for.
constexpr InfiniPotOptions infinipot_of_the_paper = {
    .share = Share::none, .pool = 1, .novelty_pool = 1};

/// Novelty under compression, then the catalyst prompt's attention. Source: InfiniPot §3.3.
PolicyPtr infinipot(InfiniPotOptions options = {});

struct StreamingLlmOptions {
    int sinks = 4;  ///< entries at the start that are always kept
};

/// Attention sinks and the most recent entries. Source: Xiao et al. 2024, arXiv 2309.17453.
PolicyPtr streaming_llm(StreamingLlmOptions options = {});

/// The most recent entries: a sliding window. Source: Mistral 7B, arXiv 2310.06825.
PolicyPtr swa();

struct H2oOptions {
    std::optional<int> recent = {};  ///< most recent entries to keep; empty: half of the room
    ValueNorm value_norm = ValueNorm::none;
};

/// Heavy hitters, which have received the most attention so far, and recent entries, per head.
/// Source: Zhang et al. 2023, arXiv 2306.14048.
PolicyPtr h2o(H2oOptions options = {});

struct TovaOptions {
    ValueNorm value_norm = ValueNorm::none;
};

/// The highest attention of the last token, averaged over all heads of a layer, which all keep the
/// same. Source: Oren et al. 2024, arXiv 2401.06104.
PolicyPtr tova(TovaOptions options = {});

struct SirLlmOptions {
    int sinks = 4;   ///< entries at the start that are always kept
    int recent = 0;  ///< most recent entries to keep
};

/// Sinks, the tokens of highest surprisal, and recent entries, the same in all heads. Source: Yao
/// et al. 2024, SirLLM (ACL 2024).
PolicyPtr sirllm(SirLlmOptions options = {});

enum class Pooling { average, maximum };

struct SnapKvOptions {
    int window = 32;  ///< last tokens: their attention is the score, and they are kept
    int pool = 5;     ///< entries over which attention is pooled; odd, 1 for no pooling
    Pooling pooling = Pooling::average;
    ValueNorm value_norm = ValueNorm::none;
};

/// The highest attention of an observation window at the end, pooled over neighbours, per head.
/// Source: Li et al. 2024, arXiv 2404.14469.
PolicyPtr snapkv(SnapKvOptions options = {});

/// The first and the last half of the text that fits; the middle is not read. Source: LongBench.
PolicyPtr truncate();

struct SelfExtendOptions {
    int group = 8;          ///< tokens that share a position
    int neighbours = 1024;  ///< distance up to which positions are exact
};

/// Everything, as `full`, with positions beyond the neighbours shared by groups. Source: Jin et
/// al. 2024, arXiv 2401.01325.
PolicyPtr self_extend(SelfExtendOptions options = {});

/// Never evicts: a text that does not fit into the KV cache is an error.
PolicyPtr full();

struct KeyDiffOptions {
    int sinks = 0;  ///< entries at the start that are always kept
};

/// The keys least like the others of their head. Source: Park et al. 2025, arXiv 2504.15364.
PolicyPtr keydiff(KeyDiffOptions options = {});

struct ExpectedAttentionOptions {
    int sinks = 4;         ///< entries at the start that are always kept
    float epsilon = 0.0f;  ///< added to the attention before it is weighted
    ValueNorm value_norm = ValueNorm::l2;
};

/// The highest attention that is expected of queries like those seen so far. Source: Devoto et al.
/// 2025, arXiv 2510.00636.
PolicyPtr expected_attention(ExpectedAttentionOptions options = {});

/// The keys of lowest norm. Source: Devoto et al. 2024, arXiv 2406.11430.
PolicyPtr l2norm();

struct RandomOptions {
    int seed = 1;
};

/// A new random choice in each head at each selection: a baseline for every other policy.
PolicyPtr random(RandomOptions options = {});

}  // namespace infinipot::policies

/// The registry of policies. The command line, docs/policies.md and the conformance test read it.
namespace infinipot {

/// One option of a registered policy, as `infinipot policies` prints it.
struct PolicyOption {
    std::string name;
    std::string default_value;
    std::string values;  ///< the values it takes: `a number from 0 to 1`, `average or maximum`
    std::string help;    ///< one sentence
    /// Spellings of an older release that are still read: `kernel`, `shared=0`.
    std::vector<std::string> formerly = {};
};

/// One row of the registry.
struct PolicyInfo {
    std::string name;
    std::string summary;  ///< one sentence: what is kept
    std::string source;   ///< the paper that it comes from
    std::string cost;     ///< what it costs beyond reading the text
    std::vector<PolicyOption> options = {};
    std::string needs = {};      ///< what is measured for it
    std::string schedule = {};   ///< when entries leave, unless a session says otherwise
    std::string positions = {};  ///< where they sit afterwards, unless a session says otherwise
    /// Whether any text is read in the memory of the KV cache; else the whole text must fit.
    bool bounded = true;
};

/// All registered policies, in the order in which they are shown.
const std::vector<PolicyInfo>& all_policies();

/// Makes a policy from its spec: `infinipot`, `infinipot:novelty=0.3`, `streaming_llm:sinks=8`.
/// Reads the spellings of the previous release too; the policy prints today's.
/// @throws Error(invalid_argument) for an unknown name or option, or a value out of range; the
/// sentence names the nearest known word.
PolicyPtr make_policy(std::string_view spec);

/// `when-full`, `per-token`, `at-end`, `before-reading`.
std::string_view to_string(Schedule schedule);

/// @throws Error(invalid_argument) naming those there are.
Schedule parse_schedule(std::string_view text);

/// `reset`, `keep`, `grouped:group=8,neighbours=1024`.
std::string to_string(const Positions& positions);

/// @throws Error(invalid_argument) naming those there are.
Positions parse_positions(std::string_view text);

}  // namespace infinipot
