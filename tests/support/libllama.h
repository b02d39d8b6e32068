#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "ggml.h"
#include "infinipot/model.h"

struct llama_model;
struct llama_context;

namespace infinipot {

/// The reference: libllama's own forward pass over a file, with flash attention and a cache of one
/// type.
class LibLlama {
   public:
    LibLlama(const std::filesystem::path& path, int n_ctx, int n_threads = 1,
             ggml_type cache_type = GGML_TYPE_F16);
    ~LibLlama();

    /// Continues with these tokens as one batch; the logits of each, [n_tokens][n_vocab].
    std::vector<std::vector<float>> decode(std::span<const Token> tokens);

    /// The hidden state behind the last norm of the last token decoded: [n_embd].
    std::vector<float> last_hidden() const;

    int n_vocab() const { return n_vocab_; }

   private:
    llama_context* make_context(int n_ctx, int n_threads, ggml_type cache_type,
                                bool embeddings) const;
    void decode(llama_context* context, std::span<const Token> tokens) const;

    llama_model* model_;
    llama_context* context_;
    llama_context* logits_context_ = nullptr;  // of LFM2, which gives hidden states or logits
    int n_vocab_;
    int n_past_ = 0;
    int n_last_ = 0;
};

/// Normalised mean squared error of `values` against `reference`.
double nmse(std::span<const float> values, std::span<const float> reference);

}  // namespace infinipot
