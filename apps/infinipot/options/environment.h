#pragma once

#include <vector>

#include "usage/command.h"

namespace infinipot::cli {

/// The environment variables of the program, for the reference and the manual page.
inline std::vector<usage::Entry> environment_variables() {
    return {
        {"INFINIPOT_CACHE", "Folder of models [$XDG_CACHE_HOME/infinipot or ~/.cache/infinipot]."},
        {"OLLAMA_MODELS", "Folder of Ollama's models, besides ~/.ollama/models."},
        {"LLAMA_CACHE", "llama.cpp's folder of models [~/.cache/llama.cpp]."},
        {"HF_HUB_CACHE", "Cache of Hugging Face's Hub [$HF_HOME/hub or ~/.cache/huggingface/hub]."},
        {"HF_ENDPOINT", "Address of the Hub [https://huggingface.co]."},
        {"HF_TOKEN", "Token for the Hub, for models that are not public."},
        {"HF_HUB_OFFLINE", "1 asks the Hub for nothing and uses what its cache has."},
        {"INFINIPOT_CPU", "Best kernels to use: plain, avx2, neon, avx512 or amx [avx512]."},
        {"NO_COLOR", "Set to anything, it turns colours off."},
        {"TERM", "dumb turns colours off."}};
}

}  // namespace infinipot::cli
