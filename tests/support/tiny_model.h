#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ggml.h"

namespace infinipot {

/// A small model with random weights in the exact layout of a real one, for tests: libllama and we
/// load the same file. Equal settings give equal files; files of different `type` hold the same
/// weights, rounded. Weights are scaled such that attention prefers some tokens to others by a few
/// nats and the logits spread by about 3.
struct TinyModel {
    /// Keys `rope.scaling.*`.
    struct RopeScaling {
        const char* type = "linear";  ///< or "yarn", or "longrope" with its two tensors of factors
        float factor = 4.0f;          ///< not of longrope, whose magnitude grows instead
        int original_context_length = 128;
    };

    /// Any of the registry in src/model/architecture.cpp: it decides which tensors and keys there
    /// are, except for those named below.
    std::string architecture = "llama";
    int n_layer = 2;
    int n_embd = 64;
    int n_head = 4;
    int n_head_kv = 2;
    int n_embd_head = 16;  ///< need not be n_embd / n_head
    int n_ff = 96;
    int n_expert = 0;  ///< experts of n_ff each, of which a token uses n_expert_used; 0: none
    int n_expert_used = 2;
    int n_layer_dense = 0;    ///< leading_dense_block_count; of glm4moe and ernie4_5-moe alone
    int n_layer_skipped = 0;  ///< nextn_predict_layers, in addition to n_layer; of glm4moe alone
    bool even_head_norms = true;  ///< weights of 1 and 2 instead of any; of hunyuan-dense alone
    bool query_key_norm = true;   ///< of glm4moe, which may lack it
    ggml_type expert_type = GGML_TYPE_COUNT;  ///< of the experts' matrices; COUNT: `type`
    int n_ctx_train = 512;
    int n_vocab = 512;        ///< tokens of the Llama 2 vocabulary, 360 to 32000
    bool tied = false;        ///< no output.weight: the embedding is used again
    bool rope_freqs = false;  ///< rope_freqs.weight as in Llama 3.1
    bool qkv_bias = false;
    /// The keys' bias is huge in the pair of each head that turns slowest and, in layer 0 alone,
    /// large in the one that turns fastest, as in Qwen 2.5. Of qwen2 alone.
    bool large_key_bias = false;
    bool fused_qkv = false;     ///< attn_qkv instead of three matrices; phi3 has it always
    int n_rot = 0;              ///< rope.dimension_count; 0: n_embd_head
    int window = 0;             ///< attention.sliding_window; 0: no such key
    bool without_rope = false;  ///< rope.scaling.finetuned is false; of granite alone
    float rope_alpha = 0;       ///< rope.scaling.alpha; 0: no such key
    int window_pattern = 0;     ///< attention.sliding_window_pattern; 0: no such key
    /// Of a hybrid: each attention_interval-th layer attends, and the others are recurrent, with a
    /// state of n_state numbers for each of n_state_head heads in n_state_group groups. Features of
    /// Mamba 2 are 2 * n_embd, and those of a delta net n_state * n_state_head.
    int attention_interval = 2;
    int n_taps = 4;
    int n_state = 16;
    int n_state_head = 4;
    int n_state_group = 2;
    bool lists_recurrent = false;  ///< the file lists recurrent layers instead of the interval
    /// The type of all matrices; vectors are F32. Quantised types need all row lengths (n_embd,
    /// n_ff and n_head * n_embd_head) to be multiples of 32.
    ggml_type type = GGML_TYPE_F32;
    float rope_freq_base = 10000.0f;
    std::optional<RopeScaling> rope_scaling = {};
    std::string chat_template = {};  ///< empty: none
    /// Which of llama.cpp's vocabularies, models/ggml-vocab-NAME.gguf, the file has, whole; n_vocab
    /// does not count then. Empty: n_vocab tokens of the Llama 2 vocabulary.
    std::string vocabulary = {};
    std::uint32_t seed = 1;
};

/// Returns a model that is small enough for Reference and whose heads fit the native kernels.
TinyModel model_for_reference(int n_layer = 2);

class GgufWriter;

/// Puts the model into a file that is still to be written.
void add_tiny_model(const TinyModel& model, GgufWriter& file);

/// Writes the model as `folder`/`name` and returns its path.
std::filesystem::path write_tiny_model(const TinyModel& model, const std::filesystem::path& folder,
                                       const std::string& name = "tiny.gguf");

}  // namespace infinipot
