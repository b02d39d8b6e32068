#pragma once

/// Names of options that several commands declare (letter, word and aliases), and the headings of
/// help.
namespace infinipot::cli {

namespace names {
inline constexpr const char* batch = "-b,--batch,--batch-size";
inline constexpr const char* capacity = "-c,--capacity,--ctx-size";
inline constexpr const char* file = "-f,--file";
inline constexpr const char* kv_type = "--kv-type";
inline constexpr const char* max_tokens = "-n,--max-tokens,--n-predict";
inline constexpr const char* out = "-o,--out";
inline constexpr const char* policy = "--policy";
inline constexpr const char* pot = "--pot";
inline constexpr const char* quiet = "-q,--quiet";
inline constexpr const char* seed = "-s,--seed";
inline constexpr const char* threads = "-t,--threads";
}  // namespace names

namespace headings {
inline constexpr const char* memory = "Memory";
inline constexpr const char* eviction = "Eviction";
inline constexpr const char* answer = "Answer";
inline constexpr const char* machine = "Machine";
}  // namespace headings

}  // namespace infinipot::cli
