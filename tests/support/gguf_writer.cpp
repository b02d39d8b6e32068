#include "support/gguf_writer.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>
#include <stdexcept>

#include "gguf/file.h"
#include "support/gguf_arrays.h"
#include "support/paths.h"

namespace infinipot {
namespace {

constexpr int n_specials_and_bytes = 3 + 256;
constexpr std::string_view space = "\xE2\x96\x81";  ///< SentencePiece's sign for it

std::int64_t product(std::initializer_list<std::int64_t> ne) {
    return std::accumulate(ne.begin(), ne.end(), std::int64_t{1}, std::multiplies<>());
}

bool is_basic_character(std::string_view token) {
    return token == space || (token.size() == 1 && token[0] > ' ' && token[0] <= '~');
}

/// Which tokens a vocabulary of `n_tokens` is made of, ascending.
std::vector<std::size_t> choose(const std::vector<std::string_view>& tokens, std::size_t n_tokens) {
    std::vector<std::size_t> chosen;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        if (id < n_specials_and_bytes || is_basic_character(tokens[id])) chosen.push_back(id);
    }
    if (chosen.size() > n_tokens) throw std::runtime_error("a vocabulary needs more tokens");
    for (std::size_t id = n_specials_and_bytes; chosen.size() < n_tokens; ++id) {
        if (!is_basic_character(tokens[id])) chosen.push_back(id);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

}  // namespace

void GgufWriter::set(const std::string& key, const char* value) {
    gguf_set_val_str(file_.get(), key.c_str(), value);
}

void GgufWriter::set(const std::string& key, bool value) {
    gguf_set_val_bool(file_.get(), key.c_str(), value);
}

void GgufWriter::set(const std::string& key, int value) {
    gguf_set_val_u32(file_.get(), key.c_str(), static_cast<std::uint32_t>(value));
}

void GgufWriter::set(const std::string& key, float value) {
    gguf_set_val_f32(file_.get(), key.c_str(), value);
}

void GgufWriter::set(const std::string& key, std::span<const std::string> values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) pointers.push_back(value.c_str());
    gguf_set_arr_str(file_.get(), key.c_str(), pointers.data(), pointers.size());
}

void GgufWriter::set(const std::string& key, std::span<const float> values) {
    gguf_set_arr_data(file_.get(), key.c_str(), GGUF_TYPE_FLOAT32, values.data(), values.size());
}

void GgufWriter::set(const std::string& key, std::span<const std::int32_t> values) {
    gguf_set_arr_data(file_.get(), key.c_str(), GGUF_TYPE_INT32, values.data(), values.size());
}

void GgufWriter::set(const std::string& key, std::span<const bool> values) {
    gguf_set_arr_data(file_.get(), key.c_str(), GGUF_TYPE_BOOL, values.data(), values.size());
}

void GgufWriter::remove(const std::string& key) { gguf_remove_key(file_.get(), key.c_str()); }

int GgufWriter::copy_keys(const std::filesystem::path& path) {
    const gguf_context_ptr other(
        gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
    if (!other) throw std::runtime_error("cannot read " + path.string());
    gguf_set_kv(file_.get(), other.get());
    const auto tokens = gguf_find_key(other.get(), "tokenizer.ggml.tokens");
    return static_cast<int>(gguf_get_arr_n(other.get(), tokens));
}

std::filesystem::path vocabulary_path(const std::string& name) {
    return llama_file("models/ggml-vocab-" + name + ".gguf");
}

void GgufWriter::add(const std::string& name, ggml_type type,
                     std::initializer_list<std::int64_t> ne, std::span<const float> values) {
    const std::int64_t n_per_row = *ne.begin();
    const std::int64_t n = product(ne);
    if (static_cast<std::int64_t>(values.size()) != n) {
        throw std::runtime_error(name + " needs " + std::to_string(n) + " values");
    }
    if (n_per_row % ggml_blck_size(type) != 0) {
        throw std::runtime_error("the rows of " + name + " do not consist of whole blocks");
    }
    Tensor tensor;
    tensor.context.reset(ggml_init({ggml_tensor_overhead(), nullptr, /*no_alloc=*/true}));
    ggml_tensor* const t =
        ggml_new_tensor(tensor.context.get(), type, static_cast<int>(ne.size()), ne.begin());
    ggml_set_name(t, name.c_str());
    tensor.data.resize(ggml_nbytes(t));
    ggml_quantize_chunk(type, values.data(), tensor.data.data(), 0, n / n_per_row, n_per_row,
                        nullptr);
    t->data = tensor.data.data();
    tensor.tensor = t;
    gguf_add_tensor(file_.get(), t);
    tensors_.push_back(std::move(tensor));
}

void GgufWriter::write(const std::filesystem::path& path) const {
    if (!gguf_write_to_file(file_.get(), path.c_str(), /*only_meta=*/false)) {
        throw std::runtime_error("cannot write " + path.string());
    }
}

std::vector<std::filesystem::path> GgufWriter::write_parts(const std::filesystem::path& folder,
                                                           int n_parts) const {
    std::vector<std::filesystem::path> paths;
    for (int part = 0; part < n_parts; ++part) {
        const gguf_context_ptr file(gguf_init_empty());
        if (part == 0) gguf_set_kv(file.get(), file_.get());
        gguf_set_val_u16(file.get(), "split.no", static_cast<std::uint16_t>(part));
        gguf_set_val_u16(file.get(), "split.count", static_cast<std::uint16_t>(n_parts));
        gguf_set_val_i32(file.get(), "split.tensors.count", static_cast<int>(tensors_.size()));
        for (std::size_t i = static_cast<std::size_t>(part); i < tensors_.size();
             i += static_cast<std::size_t>(n_parts)) {
            gguf_add_tensor(file.get(), tensors_[i].tensor);
        }
        char name[64];
        std::snprintf(name, sizeof(name), "tiny-%05d-of-%05d.gguf", part + 1, n_parts);
        paths.push_back(folder / name);
        if (!gguf_write_to_file(file.get(), paths.back().c_str(), /*only_meta=*/false)) {
            throw std::runtime_error("cannot write " + paths.back().string());
        }
    }
    return paths;
}

LlamaVocabulary LlamaVocabulary::load(int n_tokens) {
    const GgufFile file = GgufFile::open(vocabulary_path("llama-spm"));
    const auto tokens = file.find_strings("tokenizer.ggml.tokens").value();
    const auto scores = array_of<float>(file, "tokenizer.ggml.scores");
    const auto types = array_of<std::int32_t>(file, "tokenizer.ggml.token_type");
    LlamaVocabulary vocabulary;
    for (const std::size_t id : choose(tokens, static_cast<std::size_t>(n_tokens))) {
        vocabulary.tokens.emplace_back(tokens[id]);
        vocabulary.scores.push_back(scores[id]);
        vocabulary.types.push_back(types[id]);
    }
    return vocabulary;
}

void LlamaVocabulary::add_to(GgufWriter& writer) const {
    writer.set("tokenizer.ggml.model", "llama");
    writer.set("tokenizer.ggml.pre", "default");
    writer.set("tokenizer.ggml.tokens", tokens);
    writer.set("tokenizer.ggml.scores", scores);
    writer.set("tokenizer.ggml.token_type", types);
    writer.set("tokenizer.ggml.bos_token_id", 1);
    writer.set("tokenizer.ggml.eos_token_id", 2);
    writer.set("tokenizer.ggml.unknown_token_id", 0);
    writer.set("tokenizer.ggml.add_bos_token", true);
    writer.set("tokenizer.ggml.add_eos_token", false);
}

}  // namespace infinipot
