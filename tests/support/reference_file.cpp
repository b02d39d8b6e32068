#include <algorithm>
#include <cmath>
#include <optional>

#include "gguf/file.h"
#include "support/plain_arithmetic.h"
#include "support/reference.h"

// Reads the model file of the reference.

namespace infinipot {
namespace {

constexpr std::int64_t largest_integer = 1 << 30;

int integer_of(const GgufFile& file, const std::string& key) {
    return static_cast<int>(file.get_integer(key, 0, largest_integer));
}

std::optional<int> find_integer(const GgufFile& file, const std::string& key) {
    const auto value = file.find_integer(key, 0, largest_integer);
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::vector<std::vector<double>> rows_of(const std::vector<std::vector<double>>& matrix,
                                         std::size_t first, std::size_t n) {
    const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}

/// Returns the number of KV heads of the layers that attend. A file may have one for each layer.
int count_kv_heads(const GgufFile& file, const std::string& key) {
    const GgufEntry* entry = file.find(key);
    if (entry == nullptr || !entry->is_array) return integer_of(file, key);
    return static_cast<int>(std::ranges::max(file.find_integers(key, 0, largest_integer).value()));
}

/// Splits the rows of all experts, one after another.
std::vector<std::vector<std::vector<double>>> experts_of(
    const std::vector<std::vector<double>>& rows, std::size_t n_experts) {
    std::vector<std::vector<std::vector<double>>> experts;
    const std::size_t n = rows.size() / n_experts;
    for (std::size_t i = 0; i < n_experts; ++i) experts.push_back(rows_of(rows, i * n, n));
    return experts;
}

}  // namespace

Reference::Reference(const std::filesystem::path& path, int capacity, int window) {
    const GgufFile file = GgufFile::open(path);
    architecture_ = file.get_string("general.architecture");
    is_gemma_ = is("gemma2", "gemma3");
    turns_neighbours_ = is("llama", "smollm3", "granite", "glm4", "ernie4_5", "command-r",
                           "cohere2", "mistral3", "granitehybrid", "ernie4_5-moe");
    has_layer_norm_ = is("command-r", "cohere2", "starcoder2");
    has_gelu_ = is_gemma_ || is("starcoder2");
    is_parallel_ = is("command-r", "cohere2");
    normalises_after_rope_ = is("hunyuan-dense");
    read_keys(file);
    embedding_ = matrix_of(file, "token_embd.weight");
    head_ = file.find_tensor("output.weight") ? matrix_of(file, "output.weight") : embedding_;
    norm_ =
        vector_of(file, is("lfm2", "lfm2moe") ? "token_embd_norm.weight" : "output_norm.weight");
    norm_bias_ = vector_or_none(file, "output_norm.bias");
    const int n_skipped = find_integer(file, architecture_ + ".nextn_predict_layers").value_or(0);
    for (int il = 0; il < integer_of(file, architecture_ + ".block_count") - n_skipped; ++il)
        read_layer(file, il);
    read_window(file, window);
    read_factors(file, capacity);
    place_layers();
}

/// A layer that sees the last tokens alone keeps those, and the pot has the others. If all are so,
/// all are in the pot.
void Reference::place_layers() {
    const bool any_global = std::ranges::any_of(
        layers_, [](const Layer& layer) { return layer.attends && layer.window == 0; });
    const std::vector<Head> heads(static_cast<std::size_t>(n_head_kv_));
    for (Layer& layer : layers_) {
        if (!layer.attends) continue;
        layer.is_local = layer.window > 0 && any_global;
        auto& kept = layer.is_local ? read_ : pot_;
        layer.index = kept.size();
        kept.push_back(heads);
    }
    queries_.resize(pot_.size());
}

void Reference::read_keys(const GgufFile& file) {
    const auto count = [&](const char* key) { return integer_of(file, architecture_ + "." + key); };
    const auto number = [&](const char* key, float otherwise) {
        return static_cast<double>(file.find_f32(architecture_ + "." + key).value_or(otherwise));
    };
    n_head_ = count("attention.head_count");
    n_head_kv_ = count_kv_heads(file, architecture_ + ".attention.head_count_kv");
    n_embd_head_ = count("attention.key_length");
    n_rot_ = count("rope.dimension_count");
    eps_ = number(
        has_layer_norm_ ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 0);
    n_expert_used_ = find_integer(file, architecture_ + ".expert_used_count").value_or(0);
    expert_scale_ = number("expert_weights_scale", 1);
    temperature_scale_ = number("attention.temperature_scale", 0);
    if (temperature_scale_ > 0) temperature_span_ = count("rope.scaling.original_context_length");
    attention_softcap_ = number("attn_logit_softcapping", 0);
    final_softcap_ = number("final_logit_softcapping", 0);
    rope_magnitude_ = number("rope.scaling.attn_factor", 1);
    const auto n_embd = static_cast<double>(count("embedding_length"));
    embedding_scale_ = is_gemma_ ? std::sqrt(n_embd) : number("embedding_scale", 1);
    residual_scale_ = number("residual_scale", 1);
    attention_scale_ = number("attention.scale", 1 / std::sqrt(static_cast<float>(n_embd_head_)));
    logit_scale_ = number("logit_scale", 1);
    if (is("granite", "granitehybrid")) logit_scale_ = 1 / logit_scale_;
}

void Reference::read_layer(const GgufFile& file, int il) {
    const std::string prefix = "blk." + std::to_string(il) + ".";
    const auto matrix = [&](const char* name) {
        return matrix_of(file, prefix + name + ".weight");
    };
    const auto vector = [&](const char* name) { return vector_or_none(file, prefix + name); };
    Layer layer;
    layer.attention_norm = vector("attn_norm.weight");
    layer.ffn_norm = vector("ffn_norm.weight");
    if (file.find_tensor(prefix + "attn_output.weight")) {
        read_attention(file, prefix, layer);
        layer.attends = true;
    }
    const bool recurs = file.find_tensor(prefix + "ssm_out.weight") != nullptr ||
                        file.find_tensor(prefix + "shortconv.conv.weight") != nullptr;
    recurrences_.emplace_back();
    if (recurs) recurrences_.back().emplace(file, prefix);
    layer.sinks = vector("attn_sinks.weight");
    if (file.find_tensor(prefix + "ffn_gate_inp.weight")) {
        read_experts(file, prefix, layer);
    } else {
        layer.up = matrix("ffn_up");
        layer.down = matrix("ffn_down");
    }
    layer.q_bias = vector("attn_q.bias");
    layer.k_bias = vector("attn_k.bias");
    layer.v_bias = vector("attn_v.bias");
    layer.attention_norm_bias = vector("attn_norm.bias");
    layer.ffn_norm_bias = vector("ffn_norm.bias");
    layer.output_bias = vector("attn_output.bias");
    layer.up_bias = vector("ffn_up.bias");
    layer.down_bias = vector("ffn_down.bias");
    layer.q_norm = vector("attn_q_norm.weight");
    layer.k_norm = vector("attn_k_norm.weight");
    layer.post_attention_norm = vector("post_attention_norm.weight");
    if (layer.ffn_norm.empty() && is("falcon-h1")) layer.ffn_norm = vector("ffn_norm");
    if (is("seed_oss", "qwen3next", "qwen35", "qwen35moe", "glm4moe", "gpt-oss"))
        std::swap(layer.ffn_norm, layer.post_attention_norm);
    layer.has_rope = !(is("smollm3") && il % 4 == 3);
    if (is("apertus")) {
        const auto softplus = [](float x) { return std::log1p(std::exp(static_cast<double>(x))); };
        const auto at = static_cast<std::size_t>(il);
        layer.beta = static_cast<double>(file.get_f32("xielu.beta"));
        layer.alpha_p = softplus(file.find_f32s("xielu.alpha_p").value()[at]);
        layer.alpha_n = layer.beta + softplus(file.find_f32s("xielu.alpha_n").value()[at]);
    }
    layer.post_ffn_norm = vector("post_ffw_norm.weight");
    if (file.find_tensor(prefix + "ffn_gate.weight")) {
        layer.gate = matrix("ffn_gate");
    } else if (is("phi3", "glm4")) {
        const auto gate_up = layer.up;
        layer.gate = rows_of(gate_up, 0, gate_up.size() / 2);
        layer.up = rows_of(gate_up, gate_up.size() / 2, gate_up.size() / 2);
    }
    layer.freq_base = static_cast<double>(file.get_f32(architecture_ + ".rope.freq_base"));
    const auto factor = file.find_f32(architecture_ + ".rope.scaling.factor").value_or(1.0f);
    layer.freq_scale = 1 / static_cast<double>(factor);
    layers_.push_back(layer);
}

void Reference::read_attention(const GgufFile& file, const std::string& prefix, Layer& layer) {
    const auto matrix = [&](const char* name) {
        return matrix_of(file, prefix + name + ".weight");
    };
    layer.output = matrix("attn_output");
    if (file.find_tensor(prefix + "attn_qkv.weight")) {
        const auto qkv = matrix("attn_qkv");
        const auto n_q = static_cast<std::size_t>(n_head_ * n_embd_head_);
        const auto n_kv = static_cast<std::size_t>(n_head_kv_ * n_embd_head_);
        layer.q = rows_of(qkv, 0, n_q);
        layer.k = rows_of(qkv, n_q, n_kv);
        layer.v = rows_of(qkv, n_q + n_kv, n_kv);
    } else {
        layer.q = matrix("attn_q");
        layer.k = matrix("attn_k");
        layer.v = matrix("attn_v");
    }
    const std::size_t n_embd_head = static_cast<std::size_t>(n_embd_head_);
    if (layer.q.size() <= static_cast<std::size_t>(n_head_) * n_embd_head) return;
    const MatrixRows both = layer.q;  // of each head a query and a gate
    layer.q.clear();
    for (std::size_t row = 0; row < both.size(); ++row)
        (row / n_embd_head % 2 == 0 ? layer.q : layer.output_gate).push_back(both[row]);
}

void Reference::read_experts(const GgufFile& file, const std::string& prefix, Layer& layer) {
    const auto matrix = [&](const std::string& name) { return matrix_of(file, prefix + name); };
    const auto matrix_or_none = [&](const std::string& name) {
        return file.find_tensor(prefix + name) ? matrix(name) : std::vector<std::vector<double>>();
    };
    layer.router = matrix("ffn_gate_inp.weight");
    layer.gates = experts_of(matrix("ffn_gate_exps.weight"), layer.router.size());
    layer.ups = experts_of(matrix("ffn_up_exps.weight"), layer.router.size());
    layer.downs = experts_of(matrix("ffn_down_exps.weight"), layer.router.size());
    layer.router_bias = vector_or_none(file, prefix + "ffn_gate_inp.bias");
    layer.shared_gate = vector_or_none(file, prefix + "ffn_gate_inp_shexp.weight");
    layer.selection_bias = vector_or_none(file, prefix + "exp_probs_b.bias");
    layer.gate_biases = matrix_or_none("ffn_gate_exps.bias");
    layer.up_biases = matrix_or_none("ffn_up_exps.bias");
    layer.down_biases = matrix_or_none("ffn_down_exps.bias");
    layer.gate = matrix_or_none("ffn_gate_shexp.weight");
    layer.up = matrix_or_none("ffn_up_shexp.weight");
    layer.down = matrix_or_none("ffn_down_shexp.weight");
}

/// Every n-th layer is global, the others see a window. Those of gemma3 and olmo2 rotate otherwise
/// as well.
void Reference::read_window(const GgufFile& file, int otherwise) {
    const auto key = [&](const char* name) { return architecture_ + ".attention." + name; };
    const int window = find_integer(file, key("sliding_window")).value_or(otherwise);
    const int by_default = is("gemma2", "gpt-oss")             ? 2
                           : is("gemma3")                      ? 6
                           : is("olmo2", "exaone4", "cohere2") ? 4
                                                               : 0;
    const int pattern = find_integer(file, key("sliding_window_pattern")).value_or(by_default);
    if (window == 0 || is("phi3")) return;
    for (int il = 0; il < static_cast<int>(layers_.size()); ++il) {
        Layer& layer = layers_[static_cast<std::size_t>(il)];
        if (pattern != 0 && il % pattern == pattern - 1) {
            if (is("cohere2")) layer.has_rope = false;
            continue;
        }
        layer.window = window;
        if (!is("gemma3", "olmo2")) continue;
        layer.freq_scale = 1;
        if (is("gemma3"))
            layer.freq_base = static_cast<double>(file.get_f32("gemma3.rope.freq_base_swa"));
    }
}

void Reference::read_factors(const GgufFile& file, int capacity) {
    const int original = find_integer(file, architecture_ + ".rope.scaling.original_context_length")
                             .value_or(integer_of(file, architecture_ + ".context_length"));
    freq_factors_ = vector_or_none(file, "rope_freqs.weight");
    if (!freq_factors_.empty()) return;
    freq_factors_ = vector_or_none(
        file, capacity > original ? "rope_factors_long.weight" : "rope_factors_short.weight");
}

}  // namespace infinipot
