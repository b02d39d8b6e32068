#pragma once

#include <string>

namespace infinipot {

/// Removes the log of libllama and ggml from standard error, from the first call on. The log is the
/// only place where they give the reason of a failure, so the last error line of each thread is
/// kept.
void capture_llama_log();

/// Returns the calling thread's last error line since its previous call, or an empty string. Our
/// own error message can quote it.
std::string take_llama_error();

}  // namespace infinipot
