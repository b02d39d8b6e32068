#include "model/hparams.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "cache/kv_type.h"
#include "gguf/file.h"
#include "gguf/metadata.h"
#include "infinipot/error.h"
#include "model/architecture.h"
#include "model/recurrent/read_shape.h"

namespace infinipot {

namespace {

// Far beyond any real model, so that products of a few of these fit into 64 bits.
constexpr int largest_layers = 4096;
constexpr int largest_width = 1 << 20;
constexpr int largest_vocabulary = 1 << 24;
constexpr int largest_experts = 512;  // libllama's limit

/// A feature that a file may need: its key, and its description for the error message if the
/// architecture's graph does not implement it.
struct Demand {
    const char* key;
    const char* what;
};

constexpr Demand demands[] = {
    {"expert_count", "a mixture of experts"},
    {"expert_weights_scale", "scaled experts"},
    {"expert_shared_count", "shared experts"},
    {"expert_shared_feed_forward_length", "shared experts"},
    {"leading_dense_block_count", "layers with and without experts"},
    {"attention.clamp_kqv", "clamped queries and keys"},
    {"attention.max_alibi_bias", "ALiBi positions"},
    {"attention.sliding_window", "sliding-window attention"},
    {"attn_logit_softcapping", "soft-capped attention"},
    {"final_logit_softcapping", "soft-capped logits"},
    {"attention.key_length_swa", "other heads in local layers"},
    {"attention.shared_kv_layers", "layers that share keys and values"},
    {"attention.output_scale", "scaled attention output"},
    {"attention.value_scale", "scaled values"},
    {"attention.temperature_length", "attention temperature by position"},
    {"attention.temperature_scale", "attention temperature by position"},
    {"attention.recurrent_layers", "recurrent layers"},
    {"attention.rope_pattern", "layers without RoPE"},
    {"rope.dimension_sections", "multi-axis RoPE"},
    {"rope.scaling.alpha", "NTK-aware RoPE scaling"},
    {"rope.scaling.yarn_log_multiplier", "YaRN with a log multiplier"},
    {"nextn_predict_layers", "layers that predict several tokens"},
    {"pooling_type", "pooled embeddings"},
    {"use_parallel_residual", "parallel residuals"},
    {"embedding_scale", "scaled embeddings"},
    {"residual_scale", "scaled residuals"},
    {"logit_scale", "scaled logits"},
    {"embedding_length_per_layer_input", "embeddings per layer"},
    {"deepstack_mapping", "embeddings that join later layers"},
};

bool has(std::span<const char* const> keys, std::string_view key) {
    return std::ranges::find(keys, key) != keys.end();
}

void refuse_unsupported(const GgufMetadata& metadata, const ArchitectureKind& kind) {
    const std::span<const char* const> done = kind.demands;
    for (const auto& [key, what] : demands) {
        if (!has(done, key) && metadata.asks_for(key)) metadata.unsupported(what, key);
    }
    constexpr int softmax = 1;  // of libllama's llama_expert_gating_func_type
    const char* gating = "expert_gating_func";
    if (!has(done, gating) && metadata.count_or_none(gating, 1 << 10, 0) > softmax)
        metadata.unsupported("a router without softmax", gating);
    if (metadata.count_or_none("expert_group_count", largest_experts, 0) > 1)
        metadata.unsupported("experts in groups", "expert_group_count");
    if (!metadata.flag("attention.causal", true)) {
        metadata.unsupported("attention to what comes later", "attention.causal");
    }
    const auto refuse_array = [&](const char* key) {
        if (metadata.is_array(key)) metadata.unsupported("values per layer", key);
    };
    refuse_array("feed_forward_length");
    if (kind.recurrence != Recurrence::none) return;
    refuse_array("attention.head_count");
    refuse_array("attention.head_count_kv");
}

/// Returns the number of heads of the attending layers, which must be the same in all of them.
int read_heads(const GgufMetadata& metadata, const std::vector<bool>& attends, const char* key) {
    if (!metadata.is_array(key)) return metadata.count(key, largest_width);
    const std::vector<int> counts =
        metadata.counts(key, static_cast<int>(attends.size()), largest_width);
    int n = 0;
    for (std::size_t il = 0; il < attends.size(); ++il) {
        if (!attends[il]) continue;
        if (counts[il] == 0) metadata.damaged("a layer that attends has no heads");
        if (n != 0 && counts[il] != n) metadata.unsupported("values per layer", key);
        n = counts[il];
    }
    return n;
}

/// Returns the factor that YaRN's interpolation applies to the magnitude of rotated vectors,
/// divided by that for `log_multiplier` unless it is 0. ggml multiplies with the inverse of the
/// last factor itself when ext_factor is not 0. Source: libllama, llama-context.cpp.
float yarn_magnitude(float factor, float log_multiplier) {
    const auto magnitude = [factor](float multiplier) {
        return factor <= 1 ? 1.0f : 0.1f * multiplier * std::log(factor) + 1.0f;
    };
    float result = magnitude(1.0f);
    if (log_multiplier != 0) result /= magnitude(log_multiplier);
    return result * (1.0f / (1.0f + 0.1f * std::log(factor)));
}

Rotation read_rotation(const GgufMetadata& metadata, int n_embd_head, int n_ctx_train) {
    Rotation rotation;
    rotation.n_rot = metadata.count("rope.dimension_count", largest_width, n_embd_head);
    rotation.freq_base = metadata.number("rope.freq_base", 10000.0f);
    rotation.n_ctx_orig =
        metadata.count("rope.scaling.original_context_length", largest_width << 8, n_ctx_train);
    const std::string scaling = metadata.text("rope.scaling.type", "linear");
    const float factor =
        metadata.number("rope.scaling.factor", metadata.number("rope.scale_linear", 0.0f));
    if (scaling == "yarn") {
        rotation.ext_factor = metadata.number("rope.scaling.yarn_ext_factor", 1.0f);
        if (rotation.ext_factor < 0) rotation.ext_factor = 1.0f;
        rotation.beta_fast = metadata.number("rope.scaling.yarn_beta_fast", 32.0f);
        rotation.beta_slow = metadata.number("rope.scaling.yarn_beta_slow", 1.0f);
    } else if (scaling != "linear" && scaling != "none" && scaling != "longrope") {
        metadata.unsupported("RoPE scaling \"" + scaling + "\"", "rope.scaling.type");
    }
    if (scaling != "none" && factor != 0) rotation.freq_scale = 1.0f / factor;
    if (rotation.ext_factor != 0) {
        const float log_multiplier = metadata.number("rope.scaling.yarn_log_multiplier", 0.0f);
        rotation.attn_factor = yarn_magnitude(1.0f / rotation.freq_scale, log_multiplier);
    }
    rotation.attn_factor *= metadata.number("rope.scaling.attn_factor", 1.0f);

    if (rotation.n_rot > n_embd_head || rotation.n_rot % 2 != 0) {
        metadata.damaged("rope.dimension_count is " + std::to_string(rotation.n_rot) +
                         " in heads of size " + std::to_string(n_embd_head));
    }
    if (!(rotation.freq_base > 0) || !(rotation.freq_scale > 0)) {
        metadata.damaged("its RoPE base or scaling factor is not positive");
    }
    return rotation;
}

/// Reads the sizes of a mixture of experts.
void read_experts(const GgufMetadata& metadata, Hparams& h) {
    if (!metadata.asks_for("expert_count")) return;
    for (const char* key : {"expert_used_count", "expert_feed_forward_length"}) {
        if (metadata.is_array(key)) metadata.unsupported("values per layer", key);
    }
    h.n_expert = metadata.count("expert_count", largest_experts);
    h.n_expert_used = metadata.count("expert_used_count", h.n_expert);
    const char* length = "expert_feed_forward_length";
    h.n_ff_expert = h.n_ff > 0 ? metadata.count(length, largest_width, h.n_ff)
                               : metadata.count(length, largest_width);
    h.n_layer_dense = metadata.count_or_none("leading_dense_block_count", h.n_layer, 0);
    const int n_shared = metadata.count_or_none("expert_shared_count", largest_experts, 0);
    if (n_shared > largest_width / h.n_ff_expert)
        metadata.damaged("its shared experts are impossibly large");
    h.n_ff_shared = metadata.count_or_none("expert_shared_feed_forward_length", largest_width,
                                           n_shared * h.n_ff_expert);
}

}  // namespace

Hparams read_hparams(const GgufFile& file) {
    Hparams h;
    h.architecture = file.get_string("general.architecture");
    const ArchitectureKind& kind = architecture_kind(file.path().string(), h.architecture);
    const GgufMetadata metadata(file);
    refuse_unsupported(metadata, kind);

    h.n_layer = metadata.count("block_count", largest_layers);
    h.n_layer_skipped = metadata.count_or_none("nextn_predict_layers", h.n_layer - 1, 0);
    h.n_layer -= h.n_layer_skipped;
    h.n_embd = metadata.count("embedding_length", largest_width);
    h.n_ff = metadata.asks_for("expert_count")  // only layers without experts need it
                 ? metadata.count_or_none("feed_forward_length", largest_width, 0)
                 : metadata.count("feed_forward_length", largest_width);
    read_experts(metadata, h);
    h.attends = read_attending(metadata, kind.recurrence, h.n_layer, h.n_layer_skipped);
    h.recurrent = read_recurrent_shape(metadata, kind.recurrence, h.n_embd);
    h.n_head = read_heads(metadata, h.attends, "attention.head_count");
    h.n_head_kv = metadata.has("attention.head_count_kv")
                      ? read_heads(metadata, h.attends, "attention.head_count_kv")
                      : h.n_head;
    h.n_ctx_train = metadata.count("context_length", std::numeric_limits<int>::max());
    h.n_embd_head =
        metadata.count("attention.key_length", largest_width, std::max(1, h.n_embd / h.n_head));
    h.n_vocab = static_cast<int>(file.get_tensor("token_embd.weight").ne[1]);
    h.norm = kind.norm;
    h.norm_eps = metadata.number(kind.norm == NormKind::rms ? "attention.layer_norm_rms_epsilon"
                                                            : "attention.layer_norm_epsilon");
    h.attention_scale =
        metadata.number("attention.scale", 1.0f / std::sqrt(static_cast<float>(h.n_embd_head)));
    h.rotation = read_rotation(metadata, h.n_embd_head, h.n_ctx_train);
    h.rotation.mode = kind.rope_mode;
    if (h.rotation.n_rot != h.n_embd_head && !kind.partial_rotary) {
        metadata.unsupported("RoPE of a part of each head", "rope.dimension_count");
    }

    if (file.get_tensor("token_embd.weight").ne[1] > largest_vocabulary) {
        metadata.damaged("its vocabulary is impossibly large");
    }
    if (h.n_head % h.n_head_kv != 0) {
        metadata.damaged(std::to_string(h.n_head) + " heads cannot share " +
                         std::to_string(h.n_head_kv) + " KV heads evenly");
    }
    if (h.n_embd_head % 2 != 0 ||
        static_cast<std::int64_t>(h.n_embd_head) * h.n_head > largest_width) {
        metadata.damaged("a head size of " + std::to_string(h.n_embd_head) + " is impossible");
    }
    if (metadata.count("attention.value_length", largest_width, h.n_embd_head) != h.n_embd_head) {
        metadata.unsupported("values of another size than keys", "attention.value_length");
    }
    if (!(h.norm_eps >= 0 && h.norm_eps <= 1)) {
        metadata.damaged("its norm epsilon does not lie between 0 and 1");
    }
    return h;
}

CacheShape Hparams::cache_shape(int n_layers, int capacity, KvType type) const {
    const ggml_type stored_as = ggml_type_of(type);
    const std::int64_t block = ggml_blck_size(stored_as);
    if (n_embd_head % block != 0) {
        throw Error(ErrorCode::invalid_argument,
                    "a KV cache of " + std::string(to_string(type)) +
                        " needs heads of a multiple of " + std::to_string(block) +
                        " numbers, and this model's have " + std::to_string(n_embd_head) +
                        "; choose KV type f16 or bf16");
    }
    return {.n_layer = n_layers,
            .n_head_kv = n_head_kv,
            .n_embd_head = n_embd_head,
            .capacity = capacity,
            .type = stored_as};
}

}  // namespace infinipot
