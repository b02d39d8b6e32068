#pragma once

#include <string>

namespace infinipot {

/// Takes libllama's and ggml's log away from standard error, from the first call on. They say why
/// they fail only there, so the last error line of each thread is kept for a sentence of ours.
void capture_llama_log();

/// The calling thread's last error line since the last call of this function; empty if there is
/// none.
std::string take_llama_error();

}  // namespace infinipot
