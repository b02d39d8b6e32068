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

/// Index of a token in the model's vocabulary.
using Token = std::int32_t;

/// Code that computes matrix products and attention.
enum class Kernels {
    native,  ///< our kernels if this CPU has them, and ggml's otherwise
    ggml,    ///< ggml's kernels alone: the reference, bit for bit what libllama computes on the CPU
};

/// Options of Model::load().
struct ModelOptions {
    /// Device that computes, and whose memory holds weights and KV cache: "cpu", "gpu" for the
    /// first GPU, or a name from devices(). "" is the first GPU of this build, or the CPU if there
    /// is none. A device other than the CPU uses ggml's kernels, has KV types f16 and bf16 only,
    /// and cannot run Schedule::per_token.
    std::string device = {};
    Kernels kernels = Kernels::native;
    /// Copy weights into the layout that this CPU multiplies fastest. false: weights stay in the
    /// mapped file, which is slower but needs no second copy in memory.
    bool repack = true;
    /// Size of a sliding window for all layers, in tokens, the current one included. It is for
    /// models of architecture `llama` that were trained with a window which their file omits
    /// (Mistral 7B v0.1: 4096). 0: the window in the file, if any. A window of all layers is
    /// counted in slots of the KV cache, so that one of at least the capacity hides nothing.
    int sliding_window = 0;
    /// Number of tokens over which surprisal is normalised: the most frequent tokens of the
    /// vocabulary, and the token itself. A small number makes reading cheaper and keeps nearly the
    /// same entries. Generation still chooses among all tokens. 0: as many as add a tenth to the
    /// work of the layers, at least 8,192. A device other than the CPU, and weights for which we
    /// have no kernels, always count all.
    int novelty_vocab = 0;
};

/// Description of a loaded model. Counts are spelt as in GGUF.
struct ModelInfo {
    std::string path;
    std::string name;          ///< general.name, or the file's name
    std::string architecture;  ///< general.architecture
    std::string device = {};   ///< device that holds the weights, as devices() names it
    int n_layer = 0;
    int n_layer_kv = 0;  ///< layers that have entries: all but local and recurrent ones
    int n_embd = 0;
    int n_head = 0;
    int n_head_kv = 0;
    int n_embd_head = 0;
    int n_vocab = 0;
    int n_novelty_vocab = 0;  ///< tokens over which surprisal is normalised: n_vocab or fewer
    int n_ctx_train = 0;
    bool has_chat_template = false;  ///< whether Framing::chat puts a frame around a turn
    /// Why the file's chat template gives no such frame; empty without a template in the file.
    std::string chat_template_error = {};
    bool begins_with_bos = false;  ///< whether a stream of tokens begins with BOS
    std::uint64_t file_bytes = 0;
    /// Number of weights that each token is multiplied with until its logits are known: all
    /// matrices, including the output head's n_embd * n_vocab, but not the embedding table.
    std::uint64_t n_matrix_weights = 0;
    std::uint64_t matrix_bytes = 0;         ///< bytes of these weights, read for each decoded token
    std::uint64_t copied_weight_bytes = 0;  ///< weights in memory in addition to the mapped file
    double load_seconds = 0;
};

/// A language model from a GGUF file: weights, tokenizer and chat template. Immutable. Copies share
/// one set of weights, and any number of sessions on any number of threads may use them at once.
class Model {
   public:
    /// Maps the file and checks all of it before any part is used.
    /// @throws Error(file_error) if it cannot be read.
    /// @throws Error(bad_model) if it is not a GGUF model or is damaged.
    /// @throws Error(unsupported_model) if it needs something that is not implemented.
    static Model load(const std::filesystem::path& path, const ModelOptions& options = {});

    const ModelInfo& info() const;

    /// Returns the bytes of one entry of a KV cache of this type, over all layers and heads that
    /// have entries: key, rotated key, value and tag.
    /// @throws Error(invalid_argument) if the head size is no multiple of the type's block size.
    std::size_t entry_bytes(KvType type = KvType::f16) const;

    /// Returns the bytes of a KV cache of so many entries and of what layers keep next to it: local
    /// layers keep the last tokens alone, and need room for a batch of at most n_batch tokens.
    /// @throws Error(invalid_argument) as entry_bytes() does.
    std::size_t pot_bytes(int capacity, KvType type = KvType::f16, int n_batch = 512) const;

    /// Returns the most entries, up to the model's window, whose pot_bytes() are not more than
    /// `bytes`; 0 if not even one fits.
    /// @throws Error(invalid_argument) as entry_bytes() does.
    int entries_in(std::size_t bytes, KvType type = KvType::f16, int n_batch = 512) const;

    /// Returns the tokens of `text` without special tokens. Control words in the text stay text.
    std::vector<Token> tokenize(std::string_view text) const;

    /// Returns the text of one token, which may be only a part of a UTF-8 character.
    std::string piece(Token token) const;

    /// The implementation, for the library itself.
    class Impl;

   private:
    friend struct Access;  // the library's own
    explicit Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

    std::shared_ptr<const Impl> impl_;
};

}  // namespace infinipot
