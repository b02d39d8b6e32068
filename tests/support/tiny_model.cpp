#include "support/tiny_model.h"

#include <cmath>
#include <vector>

#include "support/gguf_writer.h"
#include "support/random.h"
#include "support/tiny_recurrent.h"

namespace infinipot {
namespace {

class TinyModelWriter {
   public:
    TinyModelWriter(const TinyModel& model, GgufWriter& file)
        : m_(model), random_(model.seed), file_(file) {}

    void add() {
        add_vocabulary();
        add_keys();
        add_rope_scaling();
        if (!m_.chat_template.empty()) file_.set("tokenizer.chat_template", m_.chat_template);
        add_embeddings();
        for (int il = 0; il < m_.n_layer + m_.n_layer_skipped; ++il) {
            const std::string block = "blk." + std::to_string(il) + ".";
            if (normalises_before()) add_norm(block + "attn_norm");
            if (attends(m_, il)) add_attention(block);
            if (recurs(m_, il)) add_recurrent_layer(m_, block, random_, file_);
            if (normalises_behind()) add_norm_behind(block + "post_attention_norm");
            add_feed_forward(block, il);
            if (il >= m_.n_layer) add_prediction(block + "nextn.");
        }
    }

   private:
    void add_vocabulary();
    void add_keys();
    void add_head_norm(const std::string& name);
    void add_heads_norm(const std::string& name, int n_heads) {
        file_.add(name, GGML_TYPE_F32, {m_.n_embd_head, n_heads},
                  random_.normal(std::int64_t{m_.n_embd_head} * n_heads, 1.6f, 0.1f));
    }
    void add_gemma_keys();
    void add_granite_keys();
    void add_xielu_keys();
    void add_rope_scaling();
    void add_embeddings();
    void add_attention(const std::string& block);
    void add_feed_forward(const std::string& block, int il);
    void add_prediction(const std::string& prefix);
    void add_expert_keys();
    void add_projections(const std::string& block);
    void add_rope_freqs();
    void add_rope_factors(const std::string& name, float largest);

    bool is(auto... architectures) const { return ((m_.architecture == architectures) || ...); }
    bool is_gemma() const { return is("gemma2", "gemma3"); }
    bool normalises_heads() const {
        return is("qwen3", "gemma3", "exaone4", "hunyuan-dense", "apertus", "qwen3moe", "lfm2",
                  "lfm2moe") ||
               has_delta_nets(m_) || (is("glm4moe") && m_.query_key_norm);
    }
    bool is_cohere() const { return is("command-r", "cohere2"); }
    bool has_layer_norm() const { return is_cohere() || is("starcoder2"); }
    bool has_gate() const { return !is("starcoder2", "apertus"); }
    bool has_biases() const { return is("starcoder2"); }
    bool has_norm_behind_attention() const {
        return is("seed_oss", "glm4moe", "gpt-oss") || has_delta_nets(m_);
    }
    bool has_selection_bias() const { return is("glm4moe", "ernie4_5-moe", "lfm2moe"); }
    bool shares_experts() const {
        return is("glm4moe", "ernie4_5-moe", "granitehybrid", "qwen3next", "qwen35moe");
    }
    bool normalises_behind() const { return is_gemma() || is("olmo2", "exaone4", "glm4"); }
    bool normalises_before() const { return !is("olmo2", "exaone4"); }
    bool fuses_gate() const { return is("phi3", "glm4"); }
    int n_rot() const { return m_.n_rot > 0 ? m_.n_rot : m_.n_embd_head; }
    std::string key(const char* name) const { return m_.architecture + "." + name; }
    int n_q() const { return m_.n_head * m_.n_embd_head; }
    int n_kv() const { return m_.n_head_kv * m_.n_embd_head; }

    /// A matrix that maps inputs of size 1 to outputs whose size is about `gain`.
    void add_matrix(const std::string& name, int n_in, int n_out, float gain) {
        const float deviation = gain / std::sqrt(static_cast<float>(n_in));
        file_.add(name + ".weight", m_.type, {n_in, n_out},
                  random_.normal(std::int64_t{n_in} * n_out, 0.0f, deviation));
        if (has_biases() && !name.starts_with("output")) add_bias(name, n_out);
    }
    void add_vector(const std::string& name, int n, float mean, float deviation) {
        file_.add(name, GGML_TYPE_F32, {n}, random_.normal(n, mean, deviation));
    }
    void add_experts(const std::string& block);
    void add_key_bias(const std::string& block);
    void add_matrices(const std::string& name, int n_in, int n_out, float gain) {
        const float deviation = gain / std::sqrt(static_cast<float>(n_in));
        const ggml_type type = m_.expert_type == GGML_TYPE_COUNT ? m_.type : m_.expert_type;
        file_.add(name + ".weight", type, {n_in, n_out, m_.n_expert},
                  random_.normal(std::int64_t{n_in} * n_out * m_.n_expert, 0.0f, deviation));
        if (!is("gpt-oss")) return;
        file_.add(name + ".bias", GGML_TYPE_F32, {n_out, m_.n_expert},
                  random_.normal(std::int64_t{n_out} * m_.n_expert, 0.0f, 0.3f));
    }
    void add_bias(const std::string& name, int n) { add_vector(name + ".bias", n, 0.0f, 0.3f); }
    void add_norm(const std::string& name) {
        add_vector(name + ".weight", m_.n_embd, 1.0f, 0.1f);
        if (has_biases()) add_bias(name, m_.n_embd);
    }
    /// In Gemma as large as the scaled embeddings, or a tied model would repeat its tokens.
    void add_norm_behind(const std::string& name) {
        add_vector(name + ".weight", m_.n_embd, is_gemma() ? 2.0f : 1.0f, 0.1f);
    }

    TinyModel m_;
    Random random_;
    GgufWriter& file_;
};

void TinyModelWriter::add_vocabulary() {
    if (m_.vocabulary.empty()) {
        LlamaVocabulary::load(m_.n_vocab).add_to(file_);
    } else {
        m_.n_vocab = file_.copy_keys(vocabulary_path(m_.vocabulary));
    }
}

void TinyModelWriter::add_keys() {
    file_.set("general.architecture", m_.architecture);
    file_.set("general.name", "tiny");
    file_.set(key("context_length"), m_.n_ctx_train);
    file_.set(key("embedding_length"), m_.n_embd);
    file_.set(key("block_count"), m_.n_layer + m_.n_layer_skipped);
    file_.set(key("feed_forward_length"), m_.n_ff);
    file_.set(key("attention.head_count"), m_.n_head);
    file_.set(key("attention.head_count_kv"), m_.n_head_kv);
    file_.set(key("attention.key_length"), m_.n_embd_head);
    file_.set(key("attention.value_length"), m_.n_embd_head);
    file_.set(
        key(has_layer_norm() ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
        1e-5f);
    file_.set(key("rope.dimension_count"), n_rot());
    file_.set(key("rope.freq_base"), m_.rope_freq_base);
    file_.set(key("vocab_size"), m_.n_vocab);
    if (m_.window > 0) file_.set(key("attention.sliding_window"), m_.window);
    if (m_.window_pattern > 0) {
        file_.set(key("attention.sliding_window_pattern"), m_.window_pattern);
    }
    if (is_gemma()) add_gemma_keys();
    if (m_.n_expert > 0) add_expert_keys();
    if (is("granite", "granitehybrid")) add_granite_keys();
    if (is_hybrid(m_)) add_recurrent_keys(m_, file_);
    if (is_cohere()) file_.set(key("logit_scale"), 0.8f);
    if (is("mistral3")) file_.set(key("attention.temperature_scale"), 0.4f);
    if (is("apertus")) add_xielu_keys();
    if (m_.rope_alpha > 0) file_.set(key("rope.scaling.alpha"), m_.rope_alpha);
}

void TinyModelWriter::add_expert_keys() {
    file_.set(key("expert_count"), m_.n_expert);
    file_.set(key("expert_used_count"), m_.n_expert_used);
    if (is("qwen3moe", "gpt-oss", "glm4moe", "ernie4_5-moe", "lfm2moe", "qwen3next", "qwen35moe"))
        file_.set(key("expert_feed_forward_length"), m_.n_ff);
    if (has_selection_bias()) file_.set(key("leading_dense_block_count"), m_.n_layer_dense);
    if (is("lfm2moe")) file_.set(key("expert_gating_func"), 2);
    if (is("granitehybrid", "qwen3next", "qwen35moe"))
        file_.set(key("expert_shared_feed_forward_length"), m_.n_ff);
    if (m_.n_layer_skipped > 0) file_.set(key("nextn_predict_layers"), m_.n_layer_skipped);
    if (is("ernie4_5-moe")) {
        file_.set(key("interleave_moe_layer_step"), 1);
        file_.set(key("expert_shared_count"), 2);
        file_.set(key("expert_shared_feed_forward_length"), 2 * m_.n_ff);
    }
    if (!is("glm4moe")) return;
    file_.set(key("expert_shared_count"), 1);
    file_.set(key("expert_group_count"), 1);
    file_.set(key("expert_gating_func"), 2);
    file_.set(key("expert_weights_norm"), true);
    file_.set(key("expert_weights_scale"), 1.5f);
}

void TinyModelWriter::add_granite_keys() {
    file_.set(key("embedding_scale"), 1.5f);
    file_.set(key("residual_scale"), 0.7f);
    file_.set(key("logit_scale"), 0.8f);
    file_.set(key("attention.scale"), 1.3f / std::sqrt(static_cast<float>(m_.n_embd_head)));
    if (m_.without_rope) file_.set(key("rope.scaling.finetuned"), false);
}

/// Caps so low that something is capped.
void TinyModelWriter::add_gemma_keys() {
    if (is("gemma2")) {
        file_.set(key("attn_logit_softcapping"), 4.0f);
        file_.set(key("final_logit_softcapping"), 8.0f);
    } else {
        file_.set(key("rope.freq_base_swa"), 1000.0f);
    }
}

/// One number for each layer, or one for all.
void TinyModelWriter::add_xielu_keys() {
    const std::vector<float> alpha_n =
        random_.normal(m_.n_layer, 0.4f, 0.2f);  // of the negative numbers
    const std::vector<float> alpha_p = random_.normal(m_.n_layer, 0.8f, 0.2f);
    file_.set("xielu.alpha_n", std::span<const float>(alpha_n));
    file_.set("xielu.alpha_p", std::span<const float>(alpha_p));
    file_.set("xielu.beta", 0.5f);
    file_.set("xielu.eps", -1e-6f);
}

void TinyModelWriter::add_rope_scaling() {
    if (!m_.rope_scaling) return;
    file_.set(key("rope.scaling.original_context_length"),
              m_.rope_scaling->original_context_length);
    const bool is_long = m_.rope_scaling->type == std::string("longrope");
    if (!is("phi3")) file_.set(key("rope.scaling.type"), m_.rope_scaling->type);
    if (!is_long) {
        file_.set(key("rope.scaling.factor"), m_.rope_scaling->factor);
        if (is("mistral3")) file_.set(key("rope.scaling.yarn_log_multiplier"), 0.5f);
        return;
    }
    file_.set(key("rope.scaling.attn_factor"), 1.19f);
    add_rope_factors("rope_factors_short.weight", 1.5f);
    add_rope_factors("rope_factors_long.weight", 8.0f);
}

/// From 1 for the fastest rotation to `largest` for the slowest.
void TinyModelWriter::add_rope_factors(const std::string& name, float largest) {
    const int n = n_rot() / 2;
    std::vector<float> factors(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
        const float place = static_cast<float>(i) / static_cast<float>(n);
        factors[static_cast<std::size_t>(i)] = std::pow(largest, place);
    }
    file_.add(name, GGML_TYPE_F32, {n}, factors);
}

void TinyModelWriter::add_embeddings() {
    // The embedding is small compared with what the layers add; a tied model would otherwise repeat
    // its token.
    const float deviation = 3.0f / std::sqrt(static_cast<float>(m_.n_embd));
    file_.add("token_embd.weight", m_.type, {m_.n_embd, m_.n_vocab},
              random_.normal(std::int64_t{m_.n_embd} * m_.n_vocab, 0.0f, deviation));
    add_norm(is("lfm2", "lfm2moe") ? "token_embd_norm" : "output_norm");
    if (!m_.tied && !is_gemma() && !is_cohere()) add_matrix("output", m_.n_embd, m_.n_vocab, 3.0f);
    if (m_.rope_freqs) add_rope_freqs();
}

/// As in Llama 3.1: fast rotations are kept, slow ones are slowed down up to 8 times.
void TinyModelWriter::add_rope_freqs() {
    const int n = m_.n_embd_head / 2;
    std::vector<float> factors(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
        const float position = static_cast<float>(i) / static_cast<float>(n);
        factors[static_cast<std::size_t>(i)] =
            position < 0.5f ? 1.0f : 1.0f + 14.0f * (position - 0.5f);
    }
    file_.add("rope_freqs.weight", GGML_TYPE_F32, {n}, factors);
}

void TinyModelWriter::add_attention(const std::string& block) {
    add_projections(block);
    add_matrix(block + "attn_output", n_q(), m_.n_embd, 1.5f);
    if (is("gpt-oss")) {
        add_bias(block + "attn_output", m_.n_embd);
        add_vector(block + "attn_sinks.weight", m_.n_head, 2.0f, 1.0f);
    }
    if (normalises_heads()) {
        add_head_norm(block + "attn_q_norm.weight");
        add_head_norm(block + "attn_k_norm.weight");
    }
    if (is("command-r") && m_.n_layer >= 64) {
        add_heads_norm(block + "attn_q_norm.weight", m_.n_head);
        add_heads_norm(block + "attn_k_norm.weight", m_.n_head_kv);
    }
    if (is("olmo2", "olmoe")) {
        add_vector(block + "attn_q_norm.weight", n_q(), 1.6f, 0.1f);
        add_vector(block + "attn_k_norm.weight", n_kv(), 1.6f, 0.1f);
    }
}

/// After RoPE, powers of two: a graph may then multiply queries by the weights of keys without
/// rounding differently.
void TinyModelWriter::add_head_norm(const std::string& name) {
    if (!is("hunyuan-dense") || !m_.even_head_norms)
        return add_vector(name, m_.n_embd_head, 1.6f, 0.1f);
    std::vector<float> weights = random_.normal(m_.n_embd_head, 0.0f, 1.0f);
    for (float& weight : weights) weight = weight < 0 ? 1.0f : 2.0f;
    file_.add(name, GGML_TYPE_F32, {m_.n_embd_head}, weights);
}

void TinyModelWriter::add_projections(const std::string& block) {
    if (m_.fused_qkv || is("phi3")) {
        add_matrix(block + "attn_qkv", m_.n_embd, n_q() + 2 * n_kv(), 1.6f);
        if (m_.qkv_bias) add_vector(block + "attn_qkv.bias", n_q() + 2 * n_kv(), 0.0f, 0.3f);
        return;
    }
    // Queries and keys of size 1.6 give attention logits whose standard deviation is 1.6 * 1.6.
    add_matrix(block + "attn_q", m_.n_embd, (has_delta_nets(m_) ? 2 : 1) * n_q(), 1.6f);
    add_matrix(block + "attn_k", m_.n_embd, n_kv(), 1.6f);
    add_matrix(block + "attn_v", m_.n_embd, n_kv(), 1.0f);
    if (!m_.qkv_bias && !is("qwen2", "glm4", "seed_oss", "glm4moe", "gpt-oss")) return;
    add_vector(block + "attn_q.bias", n_q(), 0.0f, 0.3f);
    add_key_bias(block);
    add_vector(block + "attn_v.bias", n_kv(), 0.0f, 0.3f);
}

void TinyModelWriter::add_key_bias(const std::string& block) {
    std::vector<float> bias = random_.normal(n_kv(), 0.0f, 0.3f);
    const int half = m_.n_embd_head / 2;
    for (int head = 0; head < m_.n_head_kv && m_.large_key_bias; ++head) {
        const auto at = [&](int i) -> float& {
            return bias[static_cast<std::size_t>(head * m_.n_embd_head + i)];
        };
        at(half - 1) = 100;
        at(2 * half - 1) = -60;
        if (block == "blk.0.") at(0) = 25;
    }
    file_.add(block + "attn_k.bias", GGML_TYPE_F32, {n_kv()}, bias);
}

void TinyModelWriter::add_feed_forward(const std::string& block, int il) {
    const bool has_norm = normalises_before() && !is_cohere();
    if (is("falcon-h1"))
        add_vector(block + "ffn_norm", m_.n_embd, 1.0f, 0.1f);
    else if (has_norm)
        add_norm(block + (has_norm_behind_attention() ? "post_attention_norm" : "ffn_norm"));
    if (m_.n_expert > 0 && il >= m_.n_layer_dense) return add_experts(block);
    if (has_gate() && !fuses_gate()) add_matrix(block + "ffn_gate", m_.n_embd, m_.n_ff, 1.0f);
    add_matrix(block + "ffn_up", m_.n_embd, (fuses_gate() ? 2 : 1) * m_.n_ff, 1.0f);
    add_matrix(block + "ffn_down", m_.n_ff, m_.n_embd, 1.5f);
    if (normalises_behind()) add_norm_behind(block + "post_ffw_norm");
}

/// The router is F32, as in real files.
void TinyModelWriter::add_experts(const std::string& block) {
    const float deviation = 2.0f / std::sqrt(static_cast<float>(m_.n_embd));
    file_.add(block + "ffn_gate_inp.weight", GGML_TYPE_F32, {m_.n_embd, m_.n_expert},
              random_.normal(std::int64_t{m_.n_embd} * m_.n_expert, 0.0f, deviation));
    add_matrices(block + "ffn_gate_exps", m_.n_embd, m_.n_ff, 1.0f);
    add_matrices(block + "ffn_up_exps", m_.n_embd, m_.n_ff, 1.0f);
    add_matrices(block + "ffn_down_exps", m_.n_ff, m_.n_embd, 1.5f);
    if (is("gpt-oss")) add_bias(block + "ffn_gate_inp", m_.n_expert);
    if (has_selection_bias()) add_vector(block + "exp_probs_b.bias", m_.n_expert, 0.0f, 0.2f);
    if (!shares_experts()) return;
    const int n_shared = is("ernie4_5-moe") ? 2 * m_.n_ff : m_.n_ff;
    add_matrix(block + "ffn_gate_shexp", m_.n_embd, n_shared, 1.0f);
    add_matrix(block + "ffn_up_shexp", m_.n_embd, n_shared, 1.0f);
    add_matrix(block + "ffn_down_shexp", n_shared, m_.n_embd, 1.5f);
    if (has_delta_nets(m_))
        add_vector(block + "ffn_gate_inp_shexp.weight", m_.n_embd, 0.0f, deviation);
}

/// What a layer that predicts several tokens has beyond a block.
void TinyModelWriter::add_prediction(const std::string& prefix) {
    add_matrix(prefix + "eh_proj", 2 * m_.n_embd, m_.n_embd, 1.0f);
    add_norm(prefix + "enorm");
    add_norm(prefix + "hnorm");
}

}  // namespace

void add_tiny_model(const TinyModel& model, GgufWriter& file) {
    TinyModelWriter(model, file).add();
}

TinyModel model_for_reference(int n_layer) {
    return {.n_layer = n_layer,
            .n_embd = 64,
            .n_head = 4,
            .n_head_kv = 2,
            .n_embd_head = 32,
            .n_ff = 96,
            .n_vocab = 400};
}

std::filesystem::path write_tiny_model(const TinyModel& model, const std::filesystem::path& folder,
                                       const std::string& name) {
    std::filesystem::path path = folder / name;
    GgufWriter file;
    add_tiny_model(model, file);
    file.write(path);
    return path;
}

}  // namespace infinipot
