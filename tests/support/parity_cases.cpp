#include "support/parity_cases.h"

#include <algorithm>
#include <initializer_list>

namespace infinipot {
namespace {

TinyModel with(ggml_type type, auto change) {
    TinyModel model{
        .n_layer = 3, .n_embd = 128, .n_head = 4, .n_head_kv = 2, .n_embd_head = 32, .n_ff = 192};
    model.type = type;
    change(model);
    return model;
}

void with_experts(TinyModel& model) {
    model.n_expert = 8;
    model.n_expert_used = 3;
}

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
    return std::ranges::find(names, name) != names.end();
}

/// A shape that an architecture is often met in: its sizes of heads, groups of them that share
/// keys.
TinyModel shape_of(const std::string& architecture, ggml_type type = GGML_TYPE_F32) {
    TinyModel model{.architecture = architecture, .n_layer = 3, .type = type};
    const auto heads = [&](int n_embd_head, int n_head, int n_head_kv) {
        model.n_embd_head = n_embd_head;
        model.n_head = n_head;
        model.n_head_kv = n_head_kv;
    };
    if (architecture == "phi3") heads(96, 2, 2);
    if (architecture == "qwen2") heads(64, 4, 1);
    if (architecture == "qwen3") heads(128, 4, 2);
    if (architecture == "gemma2") heads(256, 2, 1);
    if (architecture == "gemma3") heads(256, 4, 1);
    if (architecture == "smollm3") heads(128, 4, 1);
    if (architecture == "granite") heads(64, 4, 2);
    if (architecture == "olmo2") heads(128, 2, 2);
    if (architecture == "glm4") heads(128, 4, 1);
    if (architecture == "exaone4") heads(64, 4, 2);
    if (architecture == "ernie4_5") heads(128, 4, 1);
    if (architecture == "hunyuan-dense") heads(128, 4, 2);
    if (architecture == "seed_oss") heads(128, 4, 1);
    if (architecture == "command-r") heads(64, 4, 2);
    if (architecture == "cohere2") heads(64, 4, 1);
    if (architecture == "mistral3") heads(128, 4, 1);
    if (architecture == "starcoder2") heads(64, 4, 1);
    if (architecture == "apertus") heads(128, 4, 1);
    if (architecture == "qwen3moe") heads(128, 4, 1);
    if (architecture == "olmoe") heads(64, 4, 4);
    if (is_one_of(architecture, {"lfm2", "lfm2moe", "granitehybrid", "falcon-h1"})) heads(64, 4, 2);
    if (is_one_of(architecture, {"qwen35", "qwen3next", "qwen35moe"})) heads(256, 2, 1);
    if (is_one_of(architecture, {"glm4moe", "ernie4_5-moe"})) heads(128, 4, 1);
    if (architecture == "gpt-oss") heads(64, 8, 1);
    const bool as_wide_as_heads =
        is_one_of(architecture, {"phi3", "qwen2", "olmo2", "exaone4", "command-r", "olmoe",
                                 "cohere2", "starcoder2", "lfm2", "lfm2moe"});
    model.n_embd = as_wide_as_heads ? model.n_head * model.n_embd_head : 128;
    model.n_ff = 192;
    if (is_one_of(architecture, {"gemma2", "gemma3", "cohere2"})) model.window = 64;
    if (architecture == "gemma3") model.window_pattern = 3;
    if (is_one_of(architecture, {"smollm3", "cohere2"})) model.n_layer = 4;  // the last: no RoPE
    if (architecture == "mistral3") model.rope_scaling = {.type = "yarn"};
    if (is_one_of(architecture, {"glm4", "glm4moe", "qwen35", "qwen3next", "qwen35moe"}))
        model.n_rot = 64;
    if (is_one_of(architecture, {"qwen3moe", "olmoe", "glm4moe", "ernie4_5-moe", "gpt-oss",
                                 "lfm2moe", "qwen3next", "qwen35moe"}))
        with_experts(model);
    if (is_one_of(architecture, {"glm4moe", "ernie4_5-moe", "lfm2moe"})) model.n_layer_dense = 1;
    if (architecture == "gpt-oss") {
        model.window = 64;
        model.rope_scaling = {.type = "yarn"};
    }
    if (is_one_of(architecture,
                  {"lfm2", "lfm2moe", "granitehybrid", "qwen35", "qwen3next", "qwen35moe"}))
        model.n_layer = 4;
    model.n_state = 32;
    if (architecture.starts_with("lfm2")) model.n_taps = 3;
    if (architecture == "granitehybrid") model.n_state_group = 1;
    return model;
}

ParityCase case_of(const std::string& name, TinyModel model, auto change) {
    change(model);
    const bool chooses_experts = model.n_expert_used < model.n_expert;
    const double tolerance =
        !ggml_is_quantized(model.type) ? 1e-6 : (chooses_experts ? 1e-3 : 1e-4);
    std::string full_name = model.architecture + "_" + ggml_type_name(model.type) + name;
    std::ranges::replace(full_name, '-', '_');
    return {full_name, model, tolerance, /*n_splits=*/2};
}

/// Quantised activations would enlarge the differences, which F32 shows to be roundings.
ParityCase in_other_order(ParityCase test_case) {
    test_case.other_order = true;
    test_case.tolerance = 1e-5;
    return test_case;
}

/// Rows of Q4_K are multiples of 256.
void wide(TinyModel& model) {
    model.n_head = 2;
    model.n_head_kv = 1;
    model.n_embd_head = 128;
    model.n_embd = 256;
    model.n_ff = 256;
    model.n_layer = 2;
    model.n_state_head = 8;
    if (model.architecture == "olmoe") model.n_head_kv = model.n_head;  // as libllama demands
    if (model.architecture == "gpt-oss") model.seed = 2;  // in which no token is nearly a tie
}

/// What files of some architectures ask for beyond their plain shape.
std::vector<ParityCase> cases_of_twists() {
    const auto yarn = [](TinyModel& m) { m.rope_scaling = {.type = "yarn"}; };
    const auto tied = [](TinyModel& m) { m.tied = true; };
    const auto small = [](int n_layer, int window) {
        return [n_layer, window](TinyModel& m) {
            m.n_layer = n_layer;
            m.n_head = 2;
            m.n_head_kv = 1;
            m.n_embd_head = 32;
            m.n_embd = m.n_ff = 64;
            m.window = window;
        };
    };
    return {
        case_of("_yarn", shape_of("smollm3"), yarn),
        case_of("_tied", shape_of("granite"), tied),
        case_of("_without_rope", shape_of("granite"), [](TinyModel& m) { m.without_rope = true; }),
        case_of("_local_layers_and_yarn", shape_of("olmo2"),
                [&](TinyModel& m) {
                    small(5, 48)(m);
                    yarn(m);
                }),
        case_of("_whole_rotary", shape_of("glm4"), [](TinyModel& m) { m.n_rot = 128; }),
        case_of("_local_layers", shape_of("exaone4"), small(64, 48)),
        case_of("_rope_freqs", shape_of("exaone4"), [](TinyModel& m) { m.rope_freqs = true; }),
        case_of("_tied", shape_of("ernie4_5"), tied),
        in_other_order(case_of("", shape_of("hunyuan-dense"), [](TinyModel&) {})),
        in_other_order(case_of("_yarn", shape_of("hunyuan-dense"), yarn)),
        in_other_order(case_of("_ntk_aware", shape_of("hunyuan-dense"),
                               [](TinyModel& m) { m.rope_alpha = 50; })),
        case_of("_tied", shape_of("seed_oss"), tied),
        case_of("_norms_of_heads", shape_of("command-r"), small(64, 0)),
        case_of("_window_of_the_pot", shape_of("cohere2"),
                [](TinyModel& m) { m.window = parity_n_ctx; }),
        case_of("_rope_freqs", shape_of("mistral3"), [](TinyModel& m) { m.rope_freqs = true; }),
        case_of("_tied", shape_of("starcoder2"), tied),
        case_of("_experts", with(GGML_TYPE_F32, with_experts), [](TinyModel&) {}),
        case_of("_experts", with(GGML_TYPE_Q8_0, with_experts), [](TinyModel&) {}),
        case_of("_all_experts", shape_of("qwen3moe"), [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_all_experts", shape_of("olmoe"), [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_one_expert", shape_of("qwen3moe"), [](TinyModel& m) { m.n_expert_used = 1; }),
        case_of("_rope_freqs", shape_of("apertus"), [](TinyModel& m) { m.rope_freqs = true; }),
        case_of("_tied", shape_of("lfm2"), tied),
        case_of("_experts", shape_of("granitehybrid"), with_experts),
        case_of("_all_experts", shape_of("qwen3next"), [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_all_experts", shape_of("lfm2moe"), [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_skipped_layer", shape_of("qwen35moe"),
                [](TinyModel& m) {
                    m.n_layer_skipped = 1;
                    m.lists_recurrent = true;
                }),
        case_of("_one_layer_attends", shape_of("lfm2"),
                [](TinyModel& m) { m.attention_interval = 3; }),
        case_of("_without_rope", shape_of("granitehybrid"),
                [](TinyModel& m) { m.without_rope = true; }),
        case_of("_one_group", shape_of("falcon-h1"), [](TinyModel& m) { m.n_state_group = 1; }),
        case_of("_list_of_layers", shape_of("qwen35"),
                [](TinyModel& m) { m.lists_recurrent = true; }),
        case_of("_skipped_layer", shape_of("glm4moe"), [](TinyModel& m) { m.n_layer_skipped = 1; }),
        case_of("_without_head_norm", shape_of("glm4moe"),
                [](TinyModel& m) { m.query_key_norm = false; }),
        case_of("_all_experts", shape_of("glm4moe"), [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_all_experts", shape_of("ernie4_5-moe"),
                [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_all_experts", shape_of("gpt-oss"), [](TinyModel& m) { m.n_expert_used = 8; }),
        case_of("_experts_in_mxfp4", shape_of("gpt-oss", GGML_TYPE_Q8_0),
                [](TinyModel& m) { m.expert_type = GGML_TYPE_MXFP4; }),
        case_of("_window_of_the_pot", shape_of("gpt-oss"),
                [](TinyModel& m) { m.window = parity_n_ctx; }),
    };
}

}  // namespace

std::vector<ParityCase> llama_parity_cases() {
    const auto plain = [](TinyModel&) {};
    const auto tied = [](TinyModel& m) { m.tied = true; };
    const auto frequencies = [](TinyModel& m) { m.rope_freqs = true; };
    const auto all_heads = [](TinyModel& m) { m.n_head_kv = m.n_head; };
    const auto biases = [](TinyModel& m) { m.qkv_bias = true; };
    const auto wide_heads = [](TinyModel& m) {
        m.n_embd_head = 64;
        m.n_head_kv = 1;
    };
    const auto linear = [](TinyModel& m) { m.rope_scaling = TinyModel::RopeScaling{}; };
    const auto yarn = [](TinyModel& m) { m.rope_scaling = {.type = "yarn"}; };
    return {
        {"F32", with(GGML_TYPE_F32, plain), 1e-6},
        {"F32_tied", with(GGML_TYPE_F32, tied), 1e-6},
        {"F32_rope_freqs", with(GGML_TYPE_F32, frequencies), 1e-6},
        {"F32_all_heads", with(GGML_TYPE_F32, all_heads), 1e-6},
        {"F32_biases", with(GGML_TYPE_F32, biases), 1e-6},
        {"F32_one_wide_kv_head", with(GGML_TYPE_F32, wide_heads), 1e-6},
        {"F32_linear_scaling", with(GGML_TYPE_F32, linear), 1e-6},
        {"F32_yarn_scaling", with(GGML_TYPE_F32, yarn), 1e-6},
        {"F16", with(GGML_TYPE_F16, plain), 1e-6},
        {"F16_tied", with(GGML_TYPE_F16, tied), 1e-6},
        {"Q8_0", with(GGML_TYPE_Q8_0, plain), 1e-4},
        {"Q8_0_tied_rope_freqs",
         with(GGML_TYPE_Q8_0,
              [&](TinyModel& m) {
                  tied(m);
                  frequencies(m);
              }),
         1e-4},
        {"Q4_0", with(GGML_TYPE_Q4_0, plain), 1e-4},
        {"Q4_0_all_heads", with(GGML_TYPE_Q4_0, all_heads), 1e-4},
    };
}

std::vector<ParityCase> architecture_parity_cases() {
    const auto plain = [](TinyModel&) {};
    const auto tied = [](TinyModel& m) { m.tied = true; };
    const auto fused = [](TinyModel& m) { m.fused_qkv = true; };
    const auto linear = [](TinyModel& m) { m.rope_scaling = TinyModel::RopeScaling{}; };
    const auto yarn = [](TinyModel& m) { m.rope_scaling = {.type = "yarn"}; };
    const auto long_factors = [](TinyModel& m) { m.rope_scaling = {.type = "longrope"}; };
    const auto short_factors = [](TinyModel& m) {
        m.rope_scaling = {.type = "longrope", .original_context_length = parity_n_ctx};
    };
    const auto whole_window = [](TinyModel& m) { m.window = parity_n_ctx; };
    std::vector<ParityCase> cases;
    for (const char* name :
         {"qwen2",     "qwen3",     "gemma2",        "gemma3",       "phi3",     "smollm3",
          "granite",   "olmo2",     "glm4",          "exaone4",      "ernie4_5", "seed_oss",
          "command-r", "cohere2",   "mistral3",      "starcoder2",   "apertus",  "qwen3moe",
          "olmoe",     "lfm2",      "granitehybrid", "falcon-h1",    "qwen35",   "glm4moe",
          "lfm2moe",   "qwen3next", "qwen35moe",     "ernie4_5-moe", "gpt-oss"}) {
        for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_0}) {
            cases.push_back(case_of("", shape_of(name, type), plain));
        }
        cases.push_back(case_of("", shape_of(name, GGML_TYPE_Q4_K), wide));
    }
    cases.push_back(case_of("", with(GGML_TYPE_Q4_K, plain), wide));
    for (const auto head : {"", "_tied"}) {
        cases.push_back(case_of(head, with(GGML_TYPE_Q6_K, plain), [&](TinyModel& m) {
            wide(m);
            m.tied = *head != '\0';
        }));
    }
    cases.push_back(case_of("_fused_qkv", with(GGML_TYPE_F32, plain), fused));
    cases.push_back(case_of("_long_factors", with(GGML_TYPE_F32, plain), long_factors));
    cases.push_back(case_of("_tied", shape_of("qwen2"), tied));
    cases.push_back(case_of("_yarn", shape_of("qwen2"), yarn));
    cases.push_back(case_of("_fused_qkv", shape_of("qwen2"), fused));
    cases.push_back(case_of("_tied", shape_of("qwen3"), tied));
    cases.push_back(case_of("_yarn", shape_of("qwen3"), yarn));
    cases.push_back(case_of("_window_of_the_pot", shape_of("gemma2"), whole_window));
    cases.push_back(case_of("_window_of_the_pot", shape_of("gemma3"), whole_window));
    cases.push_back(case_of("_linear", shape_of("gemma3"), linear));
    cases.push_back(case_of("_without_window", shape_of("gemma3"),
                            [](TinyModel& m) { m.window = m.window_pattern = 0; }));
    cases.push_back(case_of("_long_factors", shape_of("phi3"), long_factors));
    cases.push_back(case_of("_short_factors", shape_of("phi3"), short_factors));
    cases.push_back(case_of("_partial_rotary", shape_of("phi3"), [](TinyModel& m) {
        m.n_rot = 72;
        m.n_head_kv = 1;
        m.tied = true;
    }));
    const std::vector<ParityCase> twists = cases_of_twists();
    cases.insert(cases.end(), twists.begin(), twists.end());
    return cases;
}

}  // namespace infinipot
