#include "support/tiny_recurrent.h"

#include <array>
#include <cmath>
#include <vector>

namespace infinipot {
namespace {

bool is_one_of(const TinyModel& model, auto... architectures) {
    return ((model.architecture == architectures) || ...);
}

bool has_mamba2(const TinyModel& model) { return is_one_of(model, "granitehybrid", "falcon-h1"); }

bool has_short_convolutions(const TinyModel& model) { return is_one_of(model, "lfm2", "lfm2moe"); }

int n_inner(const TinyModel& model) {
    return has_mamba2(model) ? 2 * model.n_embd : model.n_state * model.n_state_head;
}

int n_channels(const TinyModel& model) {
    return n_inner(model) + 2 * model.n_state_group * model.n_state;
}

class LayerWriter {
   public:
    LayerWriter(const TinyModel& model, const std::string& block, Random& random, GgufWriter& file)
        : m_(model), block_(block), random_(random), file_(file) {}

    void add_short_convolution() {
        matrix("shortconv.in_proj", m_.n_embd, 3 * m_.n_embd, 1.0f);
        vectors("shortconv.conv.weight", m_.n_taps, m_.n_embd, 0.2f, 0.6f);
        matrix("shortconv.out_proj", m_.n_embd, m_.n_embd, 1.5f);
    }

    void add_mamba2() {
        const int inner = n_inner(m_), channels = n_channels(m_), n_head = m_.n_state_head;
        matrix("ssm_in", m_.n_embd, inner + channels + n_head, 1.2f);
        vectors("ssm_conv1d.weight", m_.n_taps, channels, 0.2f, 0.5f);
        vector("ssm_conv1d.bias", channels, 0.0f, 0.2f);
        vector("ssm_dt.bias", n_head, -1.0f, 0.5f);
        decays(n_head, {1, n_head});
        vectors("ssm_d", 1, n_head, 1.0f, 0.2f);
        vectors("ssm_norm.weight", inner / m_.n_state_group, m_.n_state_group, 1.0f, 0.1f);
        matrix("ssm_out", inner, m_.n_embd, 1.5f);
    }

    void add_delta_net() {
        const int inner = n_inner(m_), n_head = m_.n_state_head;
        matrix("attn_qkv", m_.n_embd, n_channels(m_), 1.2f);
        matrix("attn_gate", m_.n_embd, inner, 1.2f);
        if (is_one_of(m_, "qwen3next")) {
            matrix("ssm_ba", m_.n_embd, 2 * n_head, 1.2f);
        } else {
            matrix("ssm_beta", m_.n_embd, n_head, 1.2f);
            matrix("ssm_alpha", m_.n_embd, n_head, 1.2f);
        }
        vectors("ssm_conv1d.weight", m_.n_taps, n_channels(m_), 0.2f, 0.5f);
        vector("ssm_dt.bias", n_head, -1.0f, 0.5f);
        decays(n_head, {n_head});
        vector("ssm_norm.weight", m_.n_state, 1.0f, 0.1f);
        matrix("ssm_out", inner, m_.n_embd, 1.5f);
    }

   private:
    void matrix(const char* name, int n_in, int n_out, float gain) {
        const float deviation = gain / std::sqrt(static_cast<float>(n_in));
        file_.add(block_ + name + ".weight", m_.type, {n_in, n_out},
                  random_.normal(std::int64_t{n_in} * n_out, 0.0f, deviation));
    }
    void vector(const char* name, int n, float mean, float deviation) {
        file_.add(block_ + name, GGML_TYPE_F32, {n}, random_.normal(n, mean, deviation));
    }
    void vectors(const char* name, int n, int n_vectors, float mean, float deviation) {
        file_.add(block_ + name, GGML_TYPE_F32, {n, n_vectors},
                  random_.normal(std::int64_t{n} * n_vectors, mean, deviation));
    }
    /// Negative: a memory fades by the exponential of it times a step.
    void decays(int n, std::initializer_list<std::int64_t> ne) {
        std::vector<float> values = random_.normal(n, 0.0f, 0.3f);
        for (float& value : values) value = -std::abs(value) - 0.02f;
        file_.add(block_ + "ssm_a", GGML_TYPE_F32, ne, values);
    }

    const TinyModel& m_;
    const std::string& block_;
    Random& random_;
    GgufWriter& file_;
};

/// As many pairs of rotating numbers for each of three axes as can be, in turn.
std::array<std::int32_t, 4> axes(int n_pairs) {
    return {(n_pairs + 2) / 3, (n_pairs + 1) / 3, n_pairs / 3, 0};
}

}  // namespace

bool has_delta_nets(const TinyModel& model) {
    return is_one_of(model, "qwen3next", "qwen35", "qwen35moe");
}

bool is_hybrid(const TinyModel& model) {
    return has_delta_nets(model) || has_mamba2(model) || has_short_convolutions(model);
}

bool attends(const TinyModel& model, int il) {
    return !is_hybrid(model) || is_one_of(model, "falcon-h1") ||
           (il + 1) % model.attention_interval == 0 || il >= model.n_layer;
}

bool recurs(const TinyModel& model, int il) {
    return is_one_of(model, "falcon-h1") || !attends(model, il);
}

void add_recurrent_keys(const TinyModel& model, GgufWriter& file) {
    const auto key = [&](const char* name) { return model.architecture + "." + name; };
    if (has_short_convolutions(model)) {
        file.set(key("shortconv.l_cache"), model.n_taps);
    } else {
        file.set(key("ssm.conv_kernel"), model.n_taps);
        file.set(key("ssm.inner_size"), n_inner(model));
        file.set(key("ssm.state_size"), model.n_state);
        file.set(key("ssm.time_step_rank"), model.n_state_head);
        file.set(key("ssm.group_count"), model.n_state_group);
    }
    if (has_delta_nets(model)) {
        if (!is_one_of(model, "qwen3next")) {
            const int n_rot = model.n_rot > 0 ? model.n_rot : model.n_embd_head;
            file.set(key("rope.dimension_sections"),
                     std::span<const std::int32_t>(axes(n_rot / 2)));
        }
        if (!model.lists_recurrent)
            return file.set(key("full_attention_interval"), model.attention_interval);
        std::array<bool, 64> flags;
        const int n_layer = model.n_layer + model.n_layer_skipped;
        for (int il = 0; il < n_layer; ++il)
            flags[static_cast<std::size_t>(il)] = recurs(model, il);
        const auto n = static_cast<std::size_t>(n_layer);
        file.set(key("attention.recurrent_layers"), std::span<const bool>(flags).first(n));
    } else if (!is_one_of(model, "falcon-h1")) {
        std::vector<std::int32_t> heads;
        for (int il = 0; il < model.n_layer; ++il)
            heads.push_back(attends(model, il) ? model.n_head_kv : 0);
        file.set(key("attention.head_count_kv"), std::span<const std::int32_t>(heads));
    }
}

void add_recurrent_layer(const TinyModel& model, const std::string& block, Random& random,
                         GgufWriter& file) {
    LayerWriter writer(model, block, random, file);
    if (has_delta_nets(model)) return writer.add_delta_net();
    if (has_mamba2(model)) return writer.add_mamba2();
    writer.add_short_convolution();
}

}  // namespace infinipot
