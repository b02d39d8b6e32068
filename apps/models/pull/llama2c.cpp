#include "models/pull/llama2c.h"

#include <ggml.h>
#include <gguf.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "infinipot/error.h"

static_assert(std::endian::native == std::endian::little, "both formats are little-endian");

namespace infinipot::models {
namespace {

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::bad_model, "the checkpoint of llama2.c " + what);
}

/// The head of a checkpoint, seven numbers.
struct Header {
    std::int32_t n_embd;
    std::int32_t n_ff;
    std::int32_t n_layer;
    std::int32_t n_head;
    std::int32_t n_head_kv;
    std::int32_t n_vocab;  ///< negative if the output matrix is not the embedding
    std::int32_t n_ctx;
};

void check(const Header& h) {
    const std::array sizes = {h.n_embd, h.n_ff, h.n_layer, h.n_head, h.n_head_kv, h.n_ctx};
    for (const std::int32_t size : sizes)
        if (size < 1 || size > 65536) refuse("has impossible sizes");
    if (h.n_vocab < 300 || h.n_vocab > 1'000'000) refuse("has an unknown kind of vocabulary");
    if (h.n_embd % h.n_head != 0) refuse("has heads that do not divide the embedding");
}

/// Bytes that are read from the front.
class Reader {
   public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::span<const std::byte> take(std::size_t n) {
        if (n > bytes_.size()) refuse("is too short");
        const auto taken = bytes_.first(n);
        bytes_ = bytes_.subspan(n);
        return taken;
    }

    template <typename T>
    T number() {
        T value;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }

   private:
    std::span<const std::byte> bytes_;
};

struct Vocabulary {
    std::vector<std::string> tokens;
    std::vector<float> scores;
};

/// Returns a token as GGUF spells it: bytes by their numbers, and spaces as U+2581.
std::string spelt(std::size_t id, std::string_view text) {
    constexpr std::array<std::string_view, 3> special = {"<unk>", "<s>", "</s>"};
    constexpr std::size_t n_bytes = 256;
    if (id < special.size()) return std::string(special[id]);
    if (id < special.size() + n_bytes) {
        std::array<char, 8> name;
        std::snprintf(name.data(), name.size(), "<0x%02X>",
                      static_cast<unsigned>(id - special.size()));
        return name.data();
    }
    std::string token;
    for (const char c : text) token += c == ' ' ? "\xE2\x96\x81" : std::string(1, c);
    return token;
}

Vocabulary read_vocabulary(Reader& reader, std::int32_t n_vocab) {
    Vocabulary vocabulary;
    reader.number<std::int32_t>();  // length of the longest token
    for (std::int32_t id = 0; id < n_vocab; ++id) {
        vocabulary.scores.push_back(reader.number<float>());
        const auto text = reader.take(reader.number<std::uint32_t>());
        vocabulary.tokens.push_back(
            spelt(static_cast<std::size_t>(id),
                  {reinterpret_cast<const char*>(text.data()), text.size()}));
    }
    return vocabulary;
}

struct Free {
    void operator()(gguf_context* head) const { gguf_free(head); }
    void operator()(ggml_context* tensors) const { ggml_free(tensors); }
};

/// The head of a GGUF file: its keys, and its tensors one behind another.
class GgufHead {
   public:
    explicit GgufHead(std::size_t most_tensors)
        : gguf_(gguf_init_empty()),
          tensors_(ggml_init({.mem_size = most_tensors * ggml_tensor_overhead(),
                              .mem_buffer = nullptr,
                              .no_alloc = true})) {}

    void key(const char* name, const char* value) { gguf_set_val_str(gguf_.get(), name, value); }
    void key(const char* name, std::int32_t value) {
        gguf_set_val_u32(gguf_.get(), name, static_cast<std::uint32_t>(value));
    }
    void key(const char* name, float value) { gguf_set_val_f32(gguf_.get(), name, value); }
    void key(const char* name, bool value) { gguf_set_val_bool(gguf_.get(), name, value); }
    void key(const char* name, const std::vector<float>& values) {
        gguf_set_arr_data(gguf_.get(), name, GGUF_TYPE_FLOAT32, values.data(), values.size());
    }
    void key(const char* name, const std::vector<std::int32_t>& values) {
        gguf_set_arr_data(gguf_.get(), name, GGUF_TYPE_INT32, values.data(), values.size());
    }
    void key(const char* name, const std::vector<std::string>& values) {
        std::vector<const char*> texts;
        for (const std::string& value : values) texts.push_back(value.c_str());
        gguf_set_arr_str(gguf_.get(), name, texts.data(), texts.size());
    }

    /// Describes the next tensor, of F32.
    void tensor(const std::string& name, const std::vector<std::int64_t>& ne) {
        ggml_tensor* tensor =
            ggml_new_tensor(tensors_.get(), GGML_TYPE_F32, static_cast<int>(ne.size()), ne.data());
        ggml_set_name(tensor, name.c_str());
        gguf_add_tensor(gguf_.get(), tensor);
        tensor_bytes_ += ggml_nbytes(tensor);
        if (tensor_bytes_ % gguf_get_alignment(gguf_.get()) != 0)
            refuse("has tensors of odd sizes");
    }

    std::size_t tensor_bytes() const { return tensor_bytes_; }

    /// Returns the head, up to where the tensors begin.
    std::string bytes() const {
        std::string text(gguf_get_meta_size(gguf_.get()), '\0');
        gguf_get_meta_data(gguf_.get(), text.data());
        return text;
    }

   private:
    std::unique_ptr<gguf_context, Free> gguf_;
    std::unique_ptr<ggml_context, Free> tensors_;
    std::size_t tensor_bytes_ = 0;
};

void add_sizes(GgufHead& head, const Header& h) {
    head.key("general.architecture", "llama");
    head.key("general.name", "stories15M");
    head.key("llama.context_length", h.n_ctx);
    head.key("llama.embedding_length", h.n_embd);
    head.key("llama.block_count", h.n_layer);
    head.key("llama.feed_forward_length", h.n_ff);
    head.key("llama.attention.head_count", h.n_head);
    head.key("llama.attention.head_count_kv", h.n_head_kv);
    head.key("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    head.key("llama.rope.dimension_count", h.n_embd / h.n_head);
    head.key("llama.rope.freq_base", 10000.0f);
    head.key("llama.vocab_size", h.n_vocab);
}

void add_vocabulary(GgufHead& head, const Vocabulary& vocabulary) {
    constexpr std::int32_t normal = 1, unknown = 2, control = 3, byte = 6;
    std::vector<std::int32_t> types = {unknown, control, control};
    types.resize(3 + 256, byte);
    types.resize(vocabulary.tokens.size(), normal);
    head.key("tokenizer.ggml.model", "llama");
    head.key("tokenizer.ggml.pre", "default");
    head.key("tokenizer.ggml.tokens", vocabulary.tokens);
    head.key("tokenizer.ggml.scores", vocabulary.scores);
    head.key("tokenizer.ggml.token_type", types);
    head.key("tokenizer.ggml.bos_token_id", 1);
    head.key("tokenizer.ggml.eos_token_id", 2);
    head.key("tokenizer.ggml.unknown_token_id", 0);
    head.key("tokenizer.ggml.add_bos_token", true);
    head.key("tokenizer.ggml.add_eos_token", false);
}

/// Describes the tensors in the order of the checkpoint: each kind for all layers. llama2.c rotates
/// neighbours, as ggml does for this architecture, so that rows stay where they are.
void add_tensors(GgufHead& head, const Header& h) {
    const std::int64_t n_embd = h.n_embd, n_ff = h.n_ff;
    const std::int64_t n_kv = h.n_head_kv * (h.n_embd / h.n_head);
    const auto in_each_layer = [&](const char* name, const std::vector<std::int64_t>& ne) {
        for (std::int32_t il = 0; il < h.n_layer; ++il)
            head.tensor("blk." + std::to_string(il) + '.' + name + ".weight", ne);
    };
    head.tensor("token_embd.weight", {n_embd, h.n_vocab});
    in_each_layer("attn_norm", {n_embd});
    in_each_layer("attn_q", {n_embd, n_embd});
    in_each_layer("attn_k", {n_embd, n_kv});
    in_each_layer("attn_v", {n_embd, n_kv});
    in_each_layer("attn_output", {n_embd, n_embd});
    in_each_layer("ffn_norm", {n_embd});
    in_each_layer("ffn_gate", {n_embd, n_ff});
    in_each_layer("ffn_down", {n_ff, n_embd});
    in_each_layer("ffn_up", {n_embd, n_ff});
    head.tensor("output_norm.weight", {n_embd});
}

}  // namespace

void convert_llama2c(const std::filesystem::path& checkpoint, const std::filesystem::path& output) {
    const MappedFile input = MappedFile::open(checkpoint);
    Reader reader(input.bytes());
    const auto header = reader.number<Header>();
    check(header);
    GgufHead head(2 + 9 * static_cast<std::size_t>(header.n_layer));
    add_sizes(head, header);
    add_tensors(head, header);
    const auto tensors = reader.take(head.tensor_bytes());
    // Cosines and sines of RoPE follow, which nobody needs.
    reader.take(static_cast<std::size_t>(header.n_ctx) *
                static_cast<std::size_t>(header.n_embd / header.n_head) * sizeof(float));
    add_vocabulary(head, read_vocabulary(reader, header.n_vocab));

    std::ofstream file(output, std::ios::binary);
    file << head.bytes();
    file.write(reinterpret_cast<const char*>(tensors.data()),
               static_cast<std::streamsize>(tensors.size()));
    file.close();
    if (!file) throw Error(ErrorCode::file_error, "cannot write " + output.string());
}

}  // namespace infinipot::models
