#include "model/architecture.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr const char* window_alone[] = {"attention.sliding_window"};
constexpr const char* experts[] = {"expert_count"};
constexpr const char* many_experts[] = {"expert_count",
                                        "expert_shared_count",
                                        "expert_weights_scale",
                                        "expert_gating_func",
                                        "nextn_predict_layers",
                                        "leading_dense_block_count",
                                        "expert_shared_feed_forward_length"};
constexpr const char* shared_experts[] = {"expert_count", "expert_shared_count",
                                          "expert_shared_feed_forward_length",
                                          "leading_dense_block_count"};
constexpr const char* window_and_experts[] = {"attention.sliding_window", "expert_count"};
constexpr const char* window_and_caps[] = {"attention.sliding_window", "attn_logit_softcapping",
                                           "final_logit_softcapping"};
constexpr const char* window_and_final_cap[] = {"attention.sliding_window",
                                                "final_logit_softcapping"};

constexpr const char* scales[] = {"embedding_scale", "residual_scale", "logit_scale"};
constexpr const char* logit_scale[] = {"logit_scale"};
constexpr const char* window_and_logit_scale[] = {"attention.sliding_window", "logit_scale"};
constexpr const char* long_yarn[] = {"attention.temperature_scale",
                                     "rope.scaling.yarn_log_multiplier"};
constexpr const char* ntk_aware[] = {"rope.scaling.alpha"};

constexpr const char* scales_and_experts[] = {"embedding_scale", "residual_scale", "logit_scale",
                                              "expert_count", "expert_shared_feed_forward_length"};
constexpr const char* chosen_experts[] = {"expert_count", "expert_gating_func",
                                          "leading_dense_block_count"};
constexpr const char* delta_nets[] = {"attention.recurrent_layers", "nextn_predict_layers",
                                      "rope.dimension_sections"};
constexpr const char* delta_nets_and_experts[] = {
    "attention.recurrent_layers", "nextn_predict_layers", "expert_count", "expert_shared_count",
    "expert_shared_feed_forward_length"};
constexpr const char* delta_nets_axes_and_experts[] = {
    "attention.recurrent_layers", "nextn_predict_layers",
    "rope.dimension_sections",    "expert_count",
    "expert_shared_count",        "expert_shared_feed_forward_length"};

constexpr ArchitectureKind registry[] = {
    {.name = "llama", .make = make_llama, .optional_window = true, .demands = window_and_experts},
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
    {.name = "smollm3", .make = make_smollm3},
    {.name = "granite", .make = make_granite, .demands = scales},
    {.name = "olmo2",
     .make = make_olmo2,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = window_alone},
    {.name = "glm4", .make = make_glm4, .partial_rotary = true},
    {.name = "exaone4",
     .make = make_exaone4,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = window_alone},
    {.name = "ernie4_5", .make = make_ernie4_5},
    {.name = "hunyuan-dense",
     .make = make_hunyuan_dense,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = ntk_aware},
    {.name = "seed_oss", .make = make_seed_oss, .rope_mode = GGML_ROPE_TYPE_NEOX},
    {.name = "command-r",
     .make = make_command_r,
     .norm = NormKind::layer,
     .partial_rotary = true,
     .demands = logit_scale},
    {.name = "cohere2",
     .make = make_cohere2,
     .norm = NormKind::layer,
     .partial_rotary = true,
     .demands = window_and_logit_scale},
    {.name = "mistral3", .make = make_mistral3, .demands = long_yarn},
    {.name = "starcoder2",
     .make = make_starcoder2,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .norm = NormKind::layer},
    {.name = "apertus", .make = make_apertus, .rope_mode = GGML_ROPE_TYPE_NEOX},
    {.name = "qwen3moe",
     .make = make_qwen3moe,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = experts},
    {.name = "olmoe", .make = make_olmoe, .rope_mode = GGML_ROPE_TYPE_NEOX, .demands = experts},
    {.name = "lfm2",
     .make = make_lfm2,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .recurrence = Recurrence::short_convolution},
    {.name = "lfm2moe",
     .make = make_lfm2,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .recurrence = Recurrence::short_convolution,
     .demands = chosen_experts},
    {.name = "granitehybrid",
     .make = make_granite_hybrid,
     .recurrence = Recurrence::mamba2,
     .demands = scales_and_experts},
    {.name = "falcon-h1",
     .make = make_falcon_h1,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .recurrence = Recurrence::mamba2},
    {.name = "qwen35",
     .make = make_qwen35,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .partial_rotary = true,
     .recurrence = Recurrence::gated_delta_net,
     .demands = delta_nets},
    {.name = "qwen35moe",
     .make = make_qwen35,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .partial_rotary = true,
     .recurrence = Recurrence::gated_delta_net,
     .demands = delta_nets_axes_and_experts},
    {.name = "qwen3next",
     .make = make_qwen3next,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .partial_rotary = true,
     .recurrence = Recurrence::gated_delta_net,
     .demands = delta_nets_and_experts},
    {.name = "glm4moe",
     .make = make_glm4moe,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .partial_rotary = true,
     .demands = many_experts},
    {.name = "ernie4_5-moe", .make = make_ernie4_5_moe, .demands = shared_experts},
    {.name = "gpt-oss",
     .make = make_gpt_oss,
     .rope_mode = GGML_ROPE_TYPE_NEOX,
     .demands = window_and_experts},
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

LayerPlan layer_plan(const Architecture& architecture, int n_layer) {
    std::vector<LayerKind> kinds;
    for (int il = 0; il < n_layer; ++il) kinds.push_back(architecture.kind(il));
    return LayerPlan(std::move(kinds));
}

}  // namespace infinipot
