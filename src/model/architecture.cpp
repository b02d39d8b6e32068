#include "model/architecture.h"

#include <algorithm>
#include <iterator>

#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr const char* window_alone[] = {"attention.sliding_window"};
constexpr const char* window_and_caps[] = {"attention.sliding_window", "attn_logit_softcapping",
                                           "final_logit_softcapping"};
constexpr const char* window_and_final_cap[] = {"attention.sliding_window",
                                                "final_logit_softcapping"};

constexpr ArchitectureKind registry[] = {
    {.name = "llama", .make = make_llama, .optional_window = true, .demands = window_alone},
    {.name = "qwen2", .make = make_qwen2, .rope_mode = GGML_ROPE_TYPE_NEOX},
    {.name = "qwen3", .make = make_qwen3, .rope_mode = GGML_ROPE_TYPE_NEOX},
    {.name = "gemma2",
     .make = make_gemma2,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = window_and_caps},
    {.name = "gemma3",
     .make = make_gemma3,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = window_and_final_cap},
    {.name = "phi3",
     .make = make_phi3,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .partial_rotary = true,
     .demands = window_alone},
};

const ArchitectureKind* find(const std::string& name) {
    const auto kind = std::ranges::find(registry, name, &ArchitectureKind::name);
    return kind == std::end(registry) ? nullptr : kind;
}

std::string supported_names() {
    std::string names;
    for (const ArchitectureKind& kind : registry) {
        names += (names.empty() ? "" : ", ") + std::string(kind.name);
    }
    return names;
}

}  // namespace

const ArchitectureKind& architecture_kind(const std::string& path, const std::string& name) {
    if (const ArchitectureKind* kind = find(name)) return *kind;
    throw Error(ErrorCode::unsupported_model,
                path + " is of architecture \"" + name +
                    "\", which is not supported; supported: " + supported_names());
}

ArchitecturePtr make_architecture(const Hparams& hparams, const GgufFile& file,
                                  WeightLoader& load) {
    const ArchitectureKind& kind = architecture_kind(file.path().string(), hparams.architecture);
    ArchitecturePtr architecture = kind.make(hparams, GgufMetadata(file), load);
    load.refuse_unnamed();
    return architecture;
}

}  // namespace infinipot
