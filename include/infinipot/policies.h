#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "infinipot/policy.h"

/// The policies that come with the library, and their registry: the command line, the tables in
/// docs/ and the conformance test all read it.
namespace infinipot {

struct InfiniPotOptions {
    /// Share of the room that goes to the entries of highest surprisal; the rest goes to attention.
    float novelty = 0.5f;
};

/// Novelty under compression, then the catalyst prompt's attention, per head. Source: InfiniPot
/// §3.3.
/// @throws Error(invalid_argument) unless 0 <= novelty <= 1.
PolicyPtr infinipot(InfiniPotOptions options = {});

struct StreamingLlmOptions {
    int sinks = 4;  ///< entries at the start that are always kept
};

/// Attention sinks and the most recent entries. Source: Xiao et al. 2024, arXiv 2309.17453.
/// @throws Error(invalid_argument) if sinks is negative.
PolicyPtr streaming_llm(StreamingLlmOptions options = {});

/// Never evicts: a text that does not fit into the pot is an error.
PolicyPtr full();

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
    std::vector<PolicyOption> options;
};

/// All registered policies, in the order in which they are shown.
const std::vector<PolicyInfo>& policies();

/// Makes a policy from its spec: `infinipot`, `infinipot:novelty=0.3`, `streaming_llm:sinks=8`.
/// @throws Error(invalid_argument) for an unknown name or option, or a value out of range; the
/// sentence
///         names the nearest known word.
PolicyPtr make_policy(std::string_view spec);

}  // namespace infinipot
