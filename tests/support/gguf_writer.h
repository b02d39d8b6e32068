#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ggml-cpp.h"

namespace infinipot {

class GgufFile;

/// Puts a GGUF file together with ggml's own writer, for tests. Throws std::runtime_error.
class GgufWriter {
   public:
    GgufWriter() : file_(gguf_init_empty()) {}

    void set(const std::string& key, const char* value);
    void set(const std::string& key, const std::string& value) { set(key, value.c_str()); }
    void set(const std::string& key, bool value);
    void set(const std::string& key, int value);  ///< as u32, which is what models hold
    void set(const std::string& key, float value);
    void set(const std::string& key, std::span<const std::string> values);
    void set(const std::string& key, std::span<const float> values);
    void set(const std::string& key, std::span<const std::int32_t> values);
    void set(const std::string& key, std::span<const bool> values);

    void remove(const std::string& key);

    /// Sets all keys that another file has, and returns how many tokens its tokenizer has.
    int copy_keys(const std::filesystem::path& path);

    /// Adds a tensor of shape `ne` (ggml order) whose values are converted to `type`.
    void add(const std::string& name, ggml_type type, std::initializer_list<std::int64_t> ne,
             std::span<const float> values);

    void write(const std::filesystem::path& path) const;

    /// Writes a model of several files, `folder`/tiny-00001-of-0000N.gguf and so on: the keys in
    /// the first, tensors dealt out to all in turn. Returns their paths.
    std::vector<std::filesystem::path> write_parts(const std::filesystem::path& folder,
                                                   int n_parts) const;

   private:
    struct Tensor {
        ggml_context_ptr context;
        ggml_tensor* tensor = nullptr;
        std::vector<std::byte> data;
    };

    gguf_context_ptr file_;
    std::vector<Tensor> tensors_;
};

/// llama.cpp's file of a whole tokenizer and nothing else, models/ggml-vocab-NAME.gguf.
std::filesystem::path vocabulary_path(const std::string& name);

/// The vocabulary of Llama 2 (SentencePiece, 32000 tokens) or a part of it.
struct LlamaVocabulary {
    std::vector<std::string> tokens;
    std::vector<float> scores;
    std::vector<std::int32_t> types;

    /// Read from llama.cpp's tree. With `n_tokens` below 32000 only the special tokens, the 256
    /// bytes, the printable ASCII characters, the space and as many of the most frequent others as
    /// fit; at least 360.
    static LlamaVocabulary load(int n_tokens = 32000);

    void add_to(GgufWriter& writer) const;
};

}  // namespace infinipot
