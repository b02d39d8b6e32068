#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/policy.h"

/// The policies that come with the library, and their registry: the command line, the tables in
/// docs/ and the conformance test all read it. Each is run as its source runs it unless a session's
/// options say otherwise: see EvictionPolicy::schedule() and positions().
///
/// Where attention is a score, `value_norm` multiplies it by the norm of the entry's value: 1 for
/// L1 (VATP, arXiv 2406.12335), 2 for L2, 0 for not at all.
///
/// All functions throw Error(invalid_argument) for an option out of its range.
namespace infinipot {

struct InfiniPotOptions {
    /// Share of the room that goes to the entries of highest surprisal; the rest goes to attention.
    float novelty = 0.5f;
    /// Whether an entry that has survived a distillation still competes by its surprisal; else only
    /// those read since the last one do.
    bool carried = true;
    /// Whether the catalyst prompt gives the attention; else the last token does ("w/o CaP").
    bool catalyst = true;
    /// Who keeps the same entries: 2 all layers, by the most attention that any head of any layer
    /// gives; 1 the heads of a layer, by the sum of theirs; 0 nobody, as in the paper. What one
    /// head attends to is then whole in all that share.
    int shared = 2;
    /// Entries over which attention is pooled by its maximum: what stands beside an entry that is
    /// attended to is kept with it. 0: those of its sentence; else an odd number of neighbours, 1
    /// for none, as in the paper. Source of the pooling: SnapKV.
    int kernel = 0;
    /// Entries over which surprisal is averaged, likewise: what is odd in a text is a sentence,
    /// whose single tokens, digits above all, may surprise little.
    int novelty_kernel = 0;
    int value_norm = 0;
};

/// What InfiniPot's Appendix B does; the defaults keep more of what questions ask for.
constexpr InfiniPotOptions infinipot_of_the_paper = {.shared = 0, .kernel = 1, .novelty_kernel = 1};

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
    /// Entries that are kept for being recent; -1: half of the room. The rest are heavy hitters.
    int recent = -1;
    int value_norm = 0;
};

/// Heavy hitters, those that have received most attention so far, and recent entries, per head.
/// Source: Zhang et al. 2023, arXiv 2306.14048.
PolicyPtr h2o(H2oOptions options = {});

struct TovaOptions {
    int value_norm = 0;
};

/// What the last token attends to, averaged over all heads of a layer, which all keep the same.
/// Source: Oren et al. 2024, arXiv 2401.06104.
PolicyPtr tova(TovaOptions options = {});

struct SirLlmOptions {
    int sinks = 4;
    int recent = 0;  ///< entries that are kept for being recent
};

/// Sinks, the tokens of highest surprisal, and recent entries, the same in all heads. Source: Yao
/// et al. 2024, SirLLM (ACL 2024).
PolicyPtr sirllm(SirLlmOptions options = {});

enum class Pooling { average, maximum };

struct SnapKvOptions {
    int window = 32;  ///< last tokens: their attention is the score, and they are kept
    int kernel = 5;   ///< entries over which attention is pooled; odd, 1 for no pooling
    Pooling pooling = Pooling::average;
    int value_norm = 0;
};

/// What an observation window at the end attends to, pooled over neighbours, per head. Source: Li
/// et al. 2024, arXiv 2404.14469.
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

/// Never evicts: a text that does not fit into the pot is an error.
PolicyPtr full();

struct KeyDiffOptions {
    int sinks = 0;  ///< entries at the start that are always kept
};

/// The keys least like the others of their head. Source: Park et al. 2025, arXiv 2504.15364.
PolicyPtr keydiff(KeyDiffOptions options = {});

struct ExpectedAttentionOptions {
    int sinks = 4;         ///< entries at the start that are always kept
    float epsilon = 0.0f;  ///< added to the attention before it is weighted
    int value_norm = 2;
};

/// What queries like those seen so far are expected to attend to. Source: Devoto et al. 2025, arXiv
/// 2510.00636.
PolicyPtr expected_attention(ExpectedAttentionOptions options = {});

/// The keys of lowest norm. Source: Devoto et al. 2024, arXiv 2406.11430.
PolicyPtr l2norm();

struct RandomOptions {
    int seed = 1;
};

/// Drawn by lot, anew each time, in each head: what any other policy must beat.
PolicyPtr random(RandomOptions options = {});

/// One option of a registered policy, as `infinipot policies` prints it.
struct PolicyOption {
    std::string name;
    std::string default_value;
    std::string help;
};

/// One row of the registry.
struct PolicyInfo {
    std::string name;
    std::string summary;  ///< one sentence: what survives
    std::string source;   ///< the paper it comes from
    std::string cost;     ///< what it costs beyond reading the text
    std::vector<PolicyOption> options = {};
    std::string needs = {};      ///< what is measured for it
    std::string schedule = {};   ///< when entries leave, unless a session says otherwise
    std::string positions = {};  ///< where they sit afterwards, likewise
    /// Whether any text is read in the memory of the pot; else the whole text must fit into it.
    bool bounded = true;
};

/// All registered policies, in the order in which they are shown.
const std::vector<PolicyInfo>& policies();

/// Makes a policy from its spec: `infinipot`, `infinipot:novelty=0.3`, `streaming_llm:sinks=8`.
/// @throws Error(invalid_argument) for an unknown name or option, or a value out of range; the
/// sentence names the nearest known word.
PolicyPtr make_policy(std::string_view spec);

/// `when-full`, `one-by-one`, `at-end`, `before-reading`.
std::string_view to_string(Schedule schedule);

/// @throws Error(invalid_argument) naming those there are.
Schedule parse_schedule(std::string_view text);

/// `reset`, `keep`, `grouped:group=8,neighbours=1024`.
std::string to_string(const Positions& positions);

/// @throws Error(invalid_argument) naming those there are.
Positions parse_positions(std::string_view text);

}  // namespace infinipot
