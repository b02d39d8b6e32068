#include "infinipot/quantize.h"

#include <llama.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "base/word_list.h"
#include "gguf/file.h"
#include "gguf/tokenizer_check.h"
#include "infinipot/error.h"
#include "model/hparams.h"
#include "text/llama_log.h"

namespace infinipot {

namespace {

struct Target {
    std::string_view name;
    llama_ftype ftype;
};

constexpr std::array targets = {
    Target{"f32", LLAMA_FTYPE_ALL_F32},          Target{"f16", LLAMA_FTYPE_MOSTLY_F16},
    Target{"bf16", LLAMA_FTYPE_MOSTLY_BF16},     Target{"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    Target{"q6_k", LLAMA_FTYPE_MOSTLY_Q6_K},     Target{"q5_k_m", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    Target{"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M}, Target{"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
};

llama_ftype ftype_of(std::string_view type) {
    const auto* target = std::ranges::find(targets, type, &Target::name);
    if (target != targets.end()) return target->ftype;
    throw Error(ErrorCode::invalid_argument, "a weight type is " + one_of(weight_types()) +
                                                 ", not \"" + std::string(type) + '"');
}

}  // namespace

std::vector<std::string_view> weight_types() {
    std::vector<std::string_view> names;
    for (const Target& target : targets) names.push_back(target.name);
    return names;
}

void requantize(const std::filesystem::path& input, const std::filesystem::path& output,
                std::string_view type, int n_threads) {
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype = ftype_of(type);
    params.nthread = n_threads;
    params.allow_requantize = true;
    const GgufFile file = GgufFile::open(input);  // checks what libllama would trust
    validate_tokenizer(file);
    read_hparams(file);

    const std::filesystem::path partial = output.string() + ".partial";
    std::error_code failure;
    capture_llama_log();
    const bool written = llama_model_quantize(input.c_str(), partial.c_str(), &params) == 0;
    if (written) std::filesystem::rename(partial, output, failure);
    if (!written || failure) {
        std::error_code ignored;
        std::filesystem::remove(partial, ignored);
        throw Error(ErrorCode::file_error,
                    "cannot write " + output.string() +
                        "; is the folder writable and the disk large enough?");
    }
}

}  // namespace infinipot
