#pragma once

#include <llama.h>

namespace infinipot {

/// Keeps libllama from writing to the terminal for as long as it lives.
class QuietLlama {
   public:
    QuietLlama() {
        llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    }
    ~QuietLlama() { llama_log_set(nullptr, nullptr); }
    QuietLlama(const QuietLlama&) = delete;
    QuietLlama& operator=(const QuietLlama&) = delete;
};

}  // namespace infinipot
