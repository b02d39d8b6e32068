#include "model/hparams.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "infinipot/error.h"
#include "model/architecture.h"
#include "model/gguf_file.h"

namespace infinipot {

namespace {

// Far beyond any real model, so that products of a few of these stay inside 64 bits.
constexpr int largest_layers = 4096;
constexpr int largest_width = 1 << 20;
constexpr int largest_vocabulary = 1 << 24;

/// The keys of one file's architecture, `llama.block_count` and so on.
class Keys {
   public:
    explicit Keys(const GgufFile& file)
        : file_(file), prefix_(std::string(file.get_string("general.architecture")) + ".") {}

    int count(const char* name, int max) const {
        return static_cast<int>(file_.get_integer(prefix_ + name, 1, max));
    }
    int count(const char* name, int max, int otherwise) const {
        return static_cast<int>(file_.find_integer(prefix_ + name, 1, max).value_or(otherwise));
    }
    float number(const char* name, float otherwise) const {
        return file_.find_f32(prefix_ + name).value_or(otherwise);
    }
    std::string text(const char* name, const char* otherwise) const {
        return std::string(file_.find_string(prefix_ + name).value_or(otherwise));
    }
    bool has(const std::string& name) const { return file_.has(prefix_ + name); }

    /// Refuses a file that asks for what no graph of ours does; 0 does not ask for it.
    void refuse_positive_count(const std::string& name, const char* what) const {
        const auto value = file_.find_integer(prefix_ + name, 0, std::numeric_limits<int>::max());
        if (value.value_or(0) > 0) unsupported(what, prefix_ + name);
    }
    void refuse_positive_number(const std::string& name, const char* what) const {
        if (file_.find_f32(prefix_ + name).value_or(0) > 0) unsupported(what, prefix_ + name);
    }
    void refuse(const std::string& name, const char* what) const {
        if (has(name)) unsupported(what, prefix_ + name);
    }
    void refuse_array(const std::string& name) const {
        const GgufEntry* entry = file_.find(prefix_ + name);
        if (entry != nullptr && entry->is_array) unsupported("values per layer", prefix_ + name);
    }
    [[noreturn]] void unsupported(const std::string& what, const std::string& key) const {
        throw Error(ErrorCode::unsupported_model, file_.path().string() + " needs " + what + " (" +
                                                      key + "), which is not supported");
    }
    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(ErrorCode::bad_model, file_.path().string() + " is damaged: " + what);
    }

   private:
    const GgufFile& file_;
    std::string prefix_;
};

void refuse_unsupported(const Keys& keys) {
    keys.refuse_positive_count("expert_count", "a mixture of experts");
    keys.refuse_positive_number("attention.clamp_kqv", "clamped queries and keys");
    keys.refuse_positive_number("attention.max_alibi_bias", "ALiBi positions");
    keys.refuse_positive_count("attention.sliding_window", "sliding-window attention");
    keys.refuse("rope.dimension_sections", "multi-axis RoPE");
    keys.refuse_array("attention.head_count");
    keys.refuse_array("attention.head_count_kv");
    keys.refuse_array("feed_forward_length");
}

/// What YaRN's interpolation does to the magnitude of rotated vectors; ggml multiplies with the
/// inverse of the second factor itself when ext_factor is not 0. Source: libllama,
/// llama-context.cpp.
float yarn_magnitude(float factor) {
    const float magnitude = factor <= 1 ? 1.0f : 0.1f * std::log(factor) + 1.0f;
    return magnitude * (1.0f / (1.0f + 0.1f * std::log(factor)));
}

Rotation read_rotation(const Keys& keys, int n_embd_head, int n_ctx_train) {
    Rotation rotation;
    rotation.n_rot = keys.count("rope.dimension_count", largest_width, n_embd_head);
    rotation.freq_base = keys.number("rope.freq_base", 10000.0f);
    rotation.n_ctx_orig =
        keys.count("rope.scaling.original_context_length", largest_width << 8, n_ctx_train);
    const std::string scaling = keys.text("rope.scaling.type", "linear");
    const float factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 0.0f));
    if (scaling == "yarn") {
        rotation.ext_factor = keys.number("rope.scaling.yarn_ext_factor", 1.0f);
        if (rotation.ext_factor < 0) rotation.ext_factor = 1.0f;
        rotation.beta_fast = keys.number("rope.scaling.yarn_beta_fast", 32.0f);
        rotation.beta_slow = keys.number("rope.scaling.yarn_beta_slow", 1.0f);
    } else if (scaling != "linear" && scaling != "none") {
        keys.unsupported("RoPE scaling \"" + scaling + "\"", "rope.scaling.type");
    }
    if (scaling != "none" && factor != 0) rotation.freq_scale = 1.0f / factor;
    if (rotation.ext_factor != 0) rotation.attn_factor = yarn_magnitude(1.0f / rotation.freq_scale);
    rotation.attn_factor *= keys.number("rope.scaling.attn_factor", 1.0f);

    if (rotation.n_rot != n_embd_head) {
        keys.damaged("rope.dimension_count is not the head size " + std::to_string(n_embd_head));
    }
    if (!(rotation.freq_base > 0) || !(rotation.freq_scale > 0)) {
        keys.damaged("its RoPE base or scaling factor is not positive");
    }
    return rotation;
}

}  // namespace

Hparams read_hparams(const GgufFile& file) {
    Hparams h;
    h.architecture = file.get_string("general.architecture");
    require_supported_architecture(file.path().string(), h.architecture);
    const Keys keys(file);
    refuse_unsupported(keys);

    h.n_layer = keys.count("block_count", largest_layers);
    h.n_embd = keys.count("embedding_length", largest_width);
    h.n_ff = keys.count("feed_forward_length", largest_width);
    h.n_head = keys.count("attention.head_count", largest_width);
    h.n_head_kv = keys.count("attention.head_count_kv", largest_width, h.n_head);
    h.n_ctx_train = keys.count("context_length", std::numeric_limits<int>::max());
    h.n_embd_head =
        keys.count("attention.key_length", largest_width, std::max(1, h.n_embd / h.n_head));
    h.n_vocab = static_cast<int>(file.get_tensor("token_embd.weight").ne[1]);
    h.rms_norm_eps = file.get_f32(h.architecture + ".attention.layer_norm_rms_epsilon");
    h.attention_scale =
        keys.number("attention.scale", 1.0f / std::sqrt(static_cast<float>(h.n_embd_head)));
    h.rotation = read_rotation(keys, h.n_embd_head, h.n_ctx_train);

    if (file.get_tensor("token_embd.weight").ne[1] > largest_vocabulary) {
        keys.damaged("its vocabulary is impossibly large");
    }
    if (h.n_head % h.n_head_kv != 0) {
        keys.damaged(std::to_string(h.n_head) + " heads cannot share " +
                     std::to_string(h.n_head_kv) + " KV heads evenly");
    }
    if (h.n_embd_head % 2 != 0 ||
        static_cast<std::int64_t>(h.n_embd_head) * h.n_head > largest_width) {
        keys.damaged("a head size of " + std::to_string(h.n_embd_head) + " is impossible");
    }
    if (keys.count("attention.value_length", largest_width, h.n_embd_head) != h.n_embd_head) {
        keys.unsupported("values of another size than keys", "attention.value_length");
    }
    if (!(h.rms_norm_eps >= 0)) keys.damaged("its norm epsilon is negative");
    return h;
}

}  // namespace infinipot
