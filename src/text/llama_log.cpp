#include "text/llama_log.h"

#include <llama.h>

#include <mutex>
#include <utility>

namespace infinipot {

namespace {

thread_local std::string last_error;

void keep_error(ggml_log_level level, const char* text, void*) {
    if (level != GGML_LOG_LEVEL_ERROR) return;
    last_error = text;
    while (!last_error.empty() && last_error.back() == '\n') last_error.pop_back();
}

}  // namespace

void capture_llama_log() {
    static std::once_flag once;
    std::call_once(once, [] { llama_log_set(keep_error, nullptr); });
}

std::string take_llama_error() { return std::exchange(last_error, {}); }

}  // namespace infinipot
