#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "infinipot/model.h"
#include "tensor/device.h"
#include "tensor/handles.h"

namespace infinipot {

/// A weight matrix of a linear layer, y = W x + bias, and its layout.
struct Matrix {
    ggml_tensor* weight = nullptr;  ///< [n_in, n_out]; packed bytes if `packed`
    ggml_tensor* bias = nullptr;    ///< F32 [n_out] or null
    int n_in = 0;
    int n_out = 0;
    ggml_type type = GGML_TYPE_F32;  ///< type that the product is computed with
    bool packed = false;             ///< whether it is in the layout of kernels::matmul
};

/// The matrices of all experts of a layer, one behind another.
struct Matrices {
    ggml_tensor* weight = nullptr;  ///< [n_in, n_out, n]; packed bytes if `packed`
    ggml_tensor* bias = nullptr;    ///< F32 [n_out, n] or null
    int n_in = 0;
    int n_out = 0;
    int n = 0;
    ggml_type type = GGML_TYPE_F32;
    bool packed = false;  ///< whether they are in the layout of kernels::matmul_experts
};

/// The output matrix, which turns hidden states into logits: [n_embd, n_vocab].
struct OutputHead : Matrix {
    /// Returns whether our kernels can sum up logits without writing them.
    bool sums_up() const { return packed && bias == nullptr; }
};

/// The projections of one attention layer.
struct AttentionProjections {
    Matrix q, k, v;
};

/// The weights of a norm, F32. A norm without a weight does nothing.
struct Norm {
    ggml_tensor* weight = nullptr;
    ggml_tensor* bias = nullptr;  ///< or null; of LayerNorm alone
};

/// The matrices of a feed-forward layer: down(act(gate x) * up x), or down(act(up x)) if `gate` has
/// no weight.
struct FeedForward {
    Matrix gate, up, down;
};

/// Memory of a model's weights in addition to the mapped file. Owns it.
struct WeightStorage {
    std::vector<ContextHandle> contexts;
    std::vector<BufferHandle> buffers;
    std::size_t copied_bytes = 0;
    std::uint64_t n_matrix_weights = 0;
    std::uint64_t matrix_bytes = 0;
};

/// Finds an architecture's weights in a GGUF file. An architecture first names all its tensors with
/// the shapes that they must have. load() then gives each its memory: matrices in the layout that
/// the CPU multiplies fastest, and everything else at its place in the mapped file. A device other
/// than the CPU gets an unchanged copy of all of them.
class WeightLoader {
   public:
    WeightLoader(const GgufFile& file, const ModelOptions& options, ggml_backend_dev_t device);

    bool has(const std::string& tensor) const { return file_.find_tensor(tensor) != nullptr; }

    /// Names `name.weight` [n_in, n_out] and, if the file has it, `name.bias` [n_out].
    Matrix matrix(const std::string& name, int n_in, int n_out);

    /// Names `prefix.attn_q`, `_k` and `_v`, or their rows of a fused `attn_qkv`.
    AttentionProjections attention_projections(const std::string& prefix, int n_embd, int n_q,
                                               int n_kv);

    /// Names `prefix.ffn_gate`, `_up` and `_down`.
    FeedForward feed_forward(const std::string& prefix, int n_embd, int n_ff);

    /// Names the same in a file whose `ffn_up` has the rows of gate and then those of up.
    FeedForward fused_feed_forward(const std::string& prefix, int n_embd, int n_ff);

    /// Names `prefix.ffn_up` and `_down`.
    FeedForward ungated_feed_forward(const std::string& prefix, int n_embd, int n_ff);

    /// Names `output`, or `token_embd` again if the weights are tied.
    OutputHead output_head(int n_embd, int n_vocab);

    /// Names `name.weight` [n_in, n_out, n], of which a token uses n_used. Unless `packed`, it
    /// stays as the file has it.
    Matrices matrices(const std::string& name, int n_in, int n_out, int n, int n_used, bool packed);

    /// Returns whether we have a kernel for `name.weight`, so that matrices() can pack it.
    bool packs_matrices(const std::string& name, int n_in, int n_out, int n) const;

    /// Names `tensor` [n_in, n_rows], whose rows are looked up.
    ggml_tensor* table(const std::string& tensor, int n_in, int n_rows);

    /// Names `tensor` F32 [n, n_vectors].
    ggml_tensor* vectors(const std::string& tensor, int n, int n_vectors);

    /// Names `tensor` F32 [n]. optional_vector() returns null if the file does not have it.
    ggml_tensor* vector(const std::string& tensor, int n);
    ggml_tensor* optional_vector(const std::string& tensor, int n);

    /// Names all tensors that begin with `prefix`, which are not loaded.
    void skip(const std::string& prefix);

    /// Refuses a file with a tensor that nobody has named: it would change what the model computes.
    /// @throws Error(unsupported_model) with the tensor's name.
    void refuse_unnamed() const;

    /// Allocates and fills all tensors named so far. Call it once.
    /// @throws Error(out_of_memory) if the device has too little memory.
    WeightStorage load();

   private:
    /// Whole rows of one tensor of the file and their destination, `tensor`.
    struct Placement {
        ggml_tensor* tensor;
        const std::byte* source;
        std::size_t n_bytes;
        Matrix packing;  // layout of the destination if it is packed
    };
    /// A part of a placement that one thread copies: all of it, or some rows to pack.
    struct Piece {
        const Placement* placement;
        const std::byte* source;
        std::size_t n_bytes;
        int first_row, n_rows;
    };
    struct Destination {
        ContextHandle context;
        std::vector<Placement> placements;
    };

    const GgufTensor& require(const std::string& name, std::int64_t ne0, std::int64_t ne1,
                              std::int64_t ne2 = 1);
    void require_weight_type(const GgufTensor& tensor) const;
    ggml_tensor* as_in_file(ggml_type type, const std::array<std::int64_t, 3>& ne,
                            const std::byte* source, const std::string& name);
    ggml_tensor* whole(const GgufTensor& tensor);
    Matrix rows(const GgufTensor& tensor, int first_row, int n_rows);
    Matrix place(const GgufTensor& tensor, const std::byte* data, int n_rows);
    bool packs(ggml_type type, int n_in, int n_out) const;
    Matrix with_bias(Matrix matrix, const std::string& name);
    ggml_tensor* bias_rows(const std::string& name, int n_total, int first, int n);
    Destination& destination(ggml_backend_buffer_type_t type);
    ggml_backend_buffer_type_t fastest_type(ggml_type type, int n_in, int n_out) const;
    static std::vector<Piece> pieces_of(const std::vector<Placement>& placements);
    void load_mapped(WeightStorage& storage);
    void load_copied(ggml_backend_buffer_type_t type, Destination& to, WeightStorage& storage);

    const GgufFile& file_;
    ModelOptions options_;
    ggml_backend_dev_t device_;
    std::uint64_t n_matrix_weights_ = 0;
    std::uint64_t matrix_bytes_ = 0;
    std::set<std::string> named_;
    Destination mapped_;
    std::map<ggml_backend_buffer_type_t, Destination> copied_;
};

}  // namespace infinipot
