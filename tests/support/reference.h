#pragma once

#include <ggml.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gguf/file.h"
#include "infinipot/model.h"
#include "infinipot/policy.h"
#include "support/reference_recurrence.h"

namespace infinipot {

/// A model and the whole method of the paper, plainly: one token at a time, nested vectors, double
/// precision, no tensor library. Slow and readable. For F32 files of every architecture, without
/// YaRN. It shares nothing with the engine but the file reader.
class Reference {
   public:
    struct Entry {
        std::vector<double> key;  ///< before RoPE, rounded as the pot does
        /// The key that the rotated copy is made from: the key as computed, and the stored key once
        /// the position has changed.
        std::vector<double> source;
        std::vector<double> value;
        double surprisal = 0;  ///< nats
        Token token = 0;
        std::int64_t position = 0;  ///< in the stream
    };
    using Head = std::vector<Entry>;                               ///< slots of one KV head
    using Scores = std::vector<std::vector<std::vector<double>>>;  ///< [pot layer][head][slot]
    using Kept = std::vector<std::vector<std::vector<int>>>;       ///< [pot layer][head], ascending

    /// The capacity of the pot decides which factors a LongRoPE model turns by, and nothing else.
    /// The window is for files that do not say it.
    explicit Reference(const std::filesystem::path& path, int capacity = 0, int window = 0);

    /// Sets the type to which the KV cache rounds; F16 by default. ggml's reference code rounds
    /// keys, rotated keys and values. Those of quantised types are multiplied with a Hadamard
    /// matrix before, and again after. With `rounds_queries`, queries are rounded to the type that
    /// ggml compares such keys with. F16 rounds no more than kernels do, so with it only keys and
    /// values are rounded.
    void store_as(ggml_type type, bool rounds_queries) {
        type_ = type;
        rounds_queries_ = rounds_queries;
    }

    /// Sets the number of positions over which a quantised cache averages the rotated key bias. The
    /// cache subtracts the bias from keys and this mean from rotated keys before it rounds. Of
    /// layers where `turns` is true it subtracts the bias rotated for the entry's position instead.
    /// 0, the default: it subtracts nothing.
    void subtract_key_bias(int n_positions, const std::vector<bool>& turns);

    /// Sets the positions of entries; by default slot j is position j.
    void set_positions(const Positions& positions) { positions_ = positions; }

    /// Eq. 3 and 4: reads the next token of the stream and remembers how surprising it was. With
    /// `attention`, it becomes what every slot receives from this token, its own included.
    void read(Token token, Scores* attention = nullptr);

    /// Eq. 2: attention mass of every slot, from catalyst tokens that are forgotten again.
    Scores catalyst_attention(const std::vector<Token>& catalyst);

    /// §3.3.3: which slots of one head survive, ascending.
    static std::vector<int> select(const std::vector<double>& surprisal,
                                   const std::vector<double>& attention, int retain, int n_novel,
                                   int protect_first, int protect_recent);

    /// One distillation of all heads; returns the slots kept, [layer][head].
    struct Settings {
        int retain;
        double novelty;
        int protect_first = 0;
        int protect_recent = 0;
    };
    Kept distil(const std::vector<Token>& catalyst, const Settings& settings);

    /// Leaves each head the slots that it is told to.
    void keep(const Kept& kept);

    /// The same where one entry of each head leaves: those older than it step one position up, and
    /// the others stay where they are, until `n_positions` are used and all begin at 0 again.
    void let_one_go(const Kept& kept, int n_positions);

    /// Remembers the states of recurrent layers for take_back().
    void mark() { marked_ = recurrences_; }

    /// Forgets the last n tokens, those read since mark(), before which the logits were these.
    void take_back(int n, const std::vector<double>& logits);

    /// Returns the queries of the last token in one layer of the pot, before RoPE, for every query
    /// head.
    const std::vector<std::vector<double>>& queries(int il) const {
        return queries_[static_cast<std::size_t>(il)];
    }

    /// A query or key at a position, in a model whose pot's layers all turn alike.
    std::vector<double> rotated(const std::vector<double>& x, int position) const {
        return rotated(layer_of_pot(0), x.data(), position);
    }
    /// A key at the position where its entry sits.
    std::vector<double> rotated_key(int il, int head, int slot) const;

    /// Returns the attention sinks of a layer, one for each query head, or none.
    const std::vector<double>& sinks(int il) const {
        return layers_[static_cast<std::size_t>(il)].sinks;
    }

    /// Logits for the next token.
    const std::vector<double>& logits() const { return logits_; }
    int n() const { return static_cast<int>(pot_[0][0].size()); }
    const std::vector<std::vector<Head>>& pot() const { return pot_; }  ///< [pot layer][head]

   private:
    using Vector = std::vector<double>;
    using MatrixRows = std::vector<Vector>;
    struct Layer {
        Vector attention_norm, ffn_norm;
        MatrixRows q, k, v, output, gate, up, down;
        Vector q_bias, k_bias, v_bias;                                               // empty: none
        Vector attention_norm_bias, ffn_norm_bias, output_bias, up_bias, down_bias;  // too
        MatrixRows router;                                // [expert]; empty: no mixture
        std::vector<MatrixRows> gates, ups, downs;        // [expert]
        Vector router_bias, selection_bias, shared_gate;  // empty: none
        MatrixRows gate_biases, up_biases, down_biases;   // [expert], or empty
        Vector sinks;                                     // [query head], or empty
        double alpha_n = 0, alpha_p = 0, beta = 0;        // of xIELU
        Vector q_norm, k_norm;                            // over each head or all; empty: none
        Vector post_attention_norm, post_ffn_norm;        // empty: none, as the two above
        MatrixRows output_gate;  // sigmoids of it multiply attention's result; empty: none
        bool attends = false;    // otherwise it is recurrent
        MatrixRows key_centres, rotated_key_centres;  // [head]; empty: none
        bool centres_turn = false;
        bool has_rope = true;
        double freq_base = 10000;
        double freq_scale = 1;
        int window = 0;         // tokens seen, or slots if all layers are local; 0: all
        bool is_local = false;  // it is in read_, and else in pot_
        std::size_t index = 0;  // there
    };

    bool is(auto... architectures) const { return ((architecture_ == architectures) || ...); }
    void read_keys(const GgufFile& file);
    void read_experts(const GgufFile& file, const std::string& prefix, Layer& layer);
    void read_layer(const GgufFile& file, int il);
    void read_attention(const GgufFile& file, const std::string& prefix, Layer& layer);
    void read_window(const GgufFile& file, int otherwise);
    void read_factors(const GgufFile& file, int capacity);
    void place_layers();
    Vector forward(Token token, Scores* attention);
    Vector mix(std::size_t il, const Vector& x, Scores* attention);
    Vector attend(const Layer& layer, const Vector& x, Scores* attention);
    Vector attend_to_entries(const Layer& layer, const Vector& q, Scores* attention);
    Scores no_attention(int n) const;
    Vector rotated(const Layer& layer, const double* x, int position) const;
    Vector stored(const Vector& x) const;
    Vector stored_without(const Vector& centre, Vector x) const;
    Vector rotated_copy(const Layer& layer, int head, const Entry& entry, int position) const;
    bool reads_copies(const Layer& layer) const;
    Vector compared(const Vector& query) const;
    void drop(const Kept& kept);
    std::pair<int, int> places(const Head& head, std::size_t slot) const;
    std::vector<Head>& heads(const Layer& layer) {
        return (layer.is_local ? read_ : pot_)[layer.index];
    }
    const Layer& layer_of_pot(int i) const;
    Vector normed(const Vector& x, const Vector& weight, const Vector& bias = {}) const;
    Vector feed_forward(const Layer& layer, const Vector& x) const;
    Vector mixture(const Layer& layer, const Vector& x) const;
    Vector heads_normed(const Vector& x, const Vector& weight) const;
    std::vector<std::pair<std::size_t, double>> chosen_experts(const Layer& layer,
                                                               const Vector& x) const;
    Vector dense(const Layer& layer, const Vector& x) const;
    double activated(const Layer& layer, double gate) const;

    std::string architecture_;
    bool is_gemma_ = false;
    bool turns_neighbours_ = false;       // else halves
    bool normalises_after_rope_ = false;  // queries and keys
    bool has_layer_norm_ = false;
    bool has_gelu_ = false;
    bool is_parallel_ = false;
    int n_expert_used_ = 0;
    double expert_scale_ = 1;
    double temperature_scale_ = 0;
    int temperature_span_ = 1;
    int n_head_ = 0;
    int n_head_kv_ = 0;
    int n_embd_head_ = 0;
    int n_rot_ = 0;
    double eps_ = 0;
    double attention_softcap_ = 0;  // 0: none
    double final_softcap_ = 0;
    double rope_magnitude_ = 1;
    double embedding_scale_ = 1, residual_scale_ = 1, attention_scale_ = 1, logit_scale_ = 1;
    Vector freq_factors_;  // empty: all 1
    MatrixRows embedding_, head_;
    Vector norm_, norm_bias_;
    std::vector<Layer> layers_;
    std::vector<std::vector<Head>> pot_;  // of layers that see everything, from which entries go
    std::vector<std::vector<Head>>
        read_;                         // of local layers: all tokens, of which they see the last
    std::vector<MatrixRows> queries_;  // [pot layer][query head]
    std::vector<std::optional<ReferenceRecurrence>> recurrences_, marked_;  // [layer]
    Positions positions_;
    int first_position_ = 0;  // of slot 0, with Positions::reset
    ggml_type type_ = GGML_TYPE_F16;
    bool rounds_queries_ = false;
    Vector logits_;
    std::int64_t stream_position_ = 0;
};

}  // namespace infinipot
