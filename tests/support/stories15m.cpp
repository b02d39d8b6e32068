#include "support/stories15m.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/mapped_file.h"
#include "support/gguf_writer.h"

namespace infinipot {
namespace {

/// The head of the file, seven numbers.
struct Header {
    int n_embd;
    int n_ff;
    int n_layer;
    int n_head;
    int n_head_kv;
    int n_vocab;  ///< negative if the output matrix is not the embedding
    int n_ctx;
};

/// Takes tensors from a checkpoint in their order: each kind for all layers, one after the other.
class Checkpoint {
   public:
    explicit Checkpoint(std::span<const std::byte> bytes) : bytes_(bytes) {
        std::memcpy(&header_, take(sizeof(header_)).data(), sizeof(header_));
    }

    const Header& header() const { return header_; }

    std::vector<float> floats(std::size_t n) {
        std::vector<float> values(n);
        std::memcpy(values.data(), take(n * sizeof(float)).data(), n * sizeof(float));
        return values;
    }

   private:
    std::span<const std::byte> take(std::size_t n) {
        if (n > bytes_.size()) throw std::runtime_error("the llama2.c checkpoint is too short");
        const auto taken = bytes_.first(n);
        bytes_ = bytes_.subspan(n);
        return taken;
    }

    std::span<const std::byte> bytes_;
    Header header_ = {};
};

void add_keys(GgufWriter& file, const Header& h) {
    file.set("general.architecture", "llama");
    file.set("general.name", "stories15M");
    file.set("llama.context_length", h.n_ctx);
    file.set("llama.embedding_length", h.n_embd);
    file.set("llama.block_count", h.n_layer);
    file.set("llama.feed_forward_length", h.n_ff);
    file.set("llama.attention.head_count", h.n_head);
    file.set("llama.attention.head_count_kv", h.n_head_kv);
    file.set("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    file.set("llama.rope.dimension_count", h.n_embd / h.n_head);
    file.set("llama.rope.freq_base", 10000.0f);
    file.set("llama.vocab_size", std::abs(h.n_vocab));
}

class Converter {
   public:
    Converter(Checkpoint& checkpoint, GgufWriter& file)
        : checkpoint_(checkpoint), file_(file), h_(checkpoint.header()) {}

    void convert() {
        const int n_vocab = std::abs(h_.n_vocab);
        const int n_head_embd = h_.n_embd / h_.n_head;
        const int n_kv = h_.n_head_kv * n_head_embd;
        add_matrix("token_embd.weight", h_.n_embd, n_vocab);
        add_vectors("attn_norm");
        // llama2.c rotates neighbours, as ggml does for this architecture: rows stay where they
        // are.
        add_matrices("attn_q", h_.n_embd, h_.n_embd);
        add_matrices("attn_k", h_.n_embd, n_kv);
        add_matrices("attn_v", h_.n_embd, n_kv);
        add_matrices("attn_output", h_.n_embd, h_.n_embd);
        add_vectors("ffn_norm");
        add_matrices("ffn_gate", h_.n_embd, h_.n_ff);
        add_matrices("ffn_down", h_.n_ff, h_.n_embd);
        add_matrices("ffn_up", h_.n_embd, h_.n_ff);
        add_vector("output_norm.weight");
        // Cosines and sines of RoPE, which nobody needs.
        checkpoint_.floats(static_cast<std::size_t>(h_.n_ctx) *
                           static_cast<std::size_t>(n_head_embd));
        if (h_.n_vocab < 0) add_matrix("output.weight", h_.n_embd, n_vocab);
    }

   private:
    void add_matrix(const std::string& name, int n_in, int n_out) {
        const auto n = static_cast<std::size_t>(n_in) * static_cast<std::size_t>(n_out);
        file_.add(name, GGML_TYPE_F32, {n_in, n_out}, checkpoint_.floats(n));
    }
    void add_vector(const std::string& name) {
        file_.add(name, GGML_TYPE_F32, {h_.n_embd},
                  checkpoint_.floats(static_cast<std::size_t>(h_.n_embd)));
    }
    std::string name_of(const std::string& name, int il) const {
        return "blk." + std::to_string(il) + "." + name + ".weight";
    }
    void add_matrices(const std::string& name, int n_in, int n_out) {
        for (int il = 0; il < h_.n_layer; ++il) add_matrix(name_of(name, il), n_in, n_out);
    }
    void add_vectors(const std::string& name) {
        for (int il = 0; il < h_.n_layer; ++il) add_vector(name_of(name, il));
    }

    Checkpoint& checkpoint_;
    GgufWriter& file_;
    const Header& h_;
};

void check(const Header& h) {
    const std::array sizes = {h.n_embd, h.n_ff, h.n_layer, h.n_head, h.n_head_kv, h.n_ctx};
    for (const int size : sizes) {
        if (size < 1 || size > 65536) throw std::runtime_error("this is no llama2.c checkpoint");
    }
    if (std::abs(h.n_vocab) != 32000)
        throw std::runtime_error("only Llama 2's vocabulary is known");
    if (h.n_embd % h.n_head != 0) throw std::runtime_error("heads do not divide the embedding");
}

}  // namespace

void convert_llama2c(const std::filesystem::path& checkpoint, const std::filesystem::path& output) {
    const MappedFile input = MappedFile::open(checkpoint);
    Checkpoint tensors(input.bytes());
    check(tensors.header());
    GgufWriter file;
    add_keys(file, tensors.header());
    LlamaVocabulary::load().add_to(file);
    Converter(tensors, file).convert();
    file.write(output);
}

}  // namespace infinipot
