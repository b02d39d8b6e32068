#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/kv_type.h"

namespace infinipot {

using Token = std::int32_t;

/// Which code multiplies matrices and attends.
enum class Kernels {
    native,  ///< our own where this CPU has them, ggml's elsewhere
    ggml,    ///< ggml's alone: the reference, bit for bit what libllama computes on the CPU
};

struct ModelOptions {
    /// What computes, and where weights and pot lie: "cpu", "gpu" for the first GPU, a name of
    /// devices(), or "" for the first GPU of this build, else the CPU. Another device than the CPU
    /// computes with ggml's kernels, holds pots of F16 and BF16, and lets entries leave in any
    /// schedule but per-token.
    std::string device = {};
    Kernels kernels = Kernels::native;
    /// Let weights be copied into the layout that this CPU multiplies fastest. Without it they stay
    /// in the mapped file: slower, but no second copy in memory.
    bool repack = true;
    /// Tokens that each layer sees back, its own included, for models of architecture `llama` that
    /// were trained so without their files saying it: 4096 for Mistral 0.1. 0: what the file says.
    /// Counted in entries of the pot; a window as large as the pot hides nothing.
    int sliding_window = 0;
    /// Measure novelty against so many tokens only, the most frequent of the vocabulary, besides
    /// each token itself: cheaper, and nearly the same entries stay. Writing still chooses among
    /// all. 0: all. On the CPU only.
    int novelty_vocab = 0;
};

/// What a loaded model is. Counts are spelt as in GGUF.
struct ModelInfo {
    std::string path;
    std::string name;          ///< general.name, or the file's name
    std::string architecture;  ///< general.architecture
    std::string device = {};   ///< what it was loaded onto, as devices() names it
    int n_layer = 0;
    int n_embd = 0;
    int n_head = 0;
    int n_head_kv = 0;
    int n_embd_head = 0;
    int n_vocab = 0;
    int n_novelty_vocab = 0;  ///< tokens that novelty is measured against: n_vocab or fewer
    int n_ctx_train = 0;
    bool has_chat_template = false;
    bool begins_with_bos = false;  ///< whether a stream begins with a token of its own
    std::uint64_t file_bytes = 0;
    /// Weights that a token is multiplied with on its way to the logits: all matrices, the head's
    /// n_embd * n_vocab included, but not the table that embeddings are looked up in.
    std::uint64_t n_matrix_weights = 0;
    std::uint64_t matrix_bytes = 0;         ///< of these: what writing a token reads of them
    std::uint64_t copied_weight_bytes = 0;  ///< weights held in memory besides the mapped file
    double load_seconds = 0;
};

/// A language model from a GGUF file: weights, tokenizer and chat template. Immutable; copies share
/// one set of weights, and any number of sessions on any number of threads may use it at once.
class Model {
   public:
    /// Maps and checks the whole file before anything of it is used.
    /// @throws Error(file_error) if it cannot be read.
    /// @throws Error(bad_model) if it is not a GGUF model or is damaged.
    /// @throws Error(unsupported_model) if it asks for something that is not implemented.
    static Model load(const std::filesystem::path& path, const ModelOptions& options = {});

    const ModelInfo& info() const;

    /// Bytes of one entry of a pot of this type in all layers and heads: keys, their rotated copy,
    /// values and tags.
    /// @throws Error(invalid_argument) if heads do not consist of whole blocks of the type.
    std::size_t entry_bytes(KvType type = KvType::f16) const;

    /// Text to tokens, without special tokens; control words inside the text stay text.
    std::vector<Token> tokenize(std::string_view text) const;

    /// The text of one token. It may be part of a UTF-8 character.
    std::string piece(Token token) const;

    class Impl;
    const Impl& impl() const { return *impl_; }

   private:
    explicit Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

    std::shared_ptr<const Impl> impl_;
};

}  // namespace infinipot
