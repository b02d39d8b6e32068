#include "support/reference.h"

#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "gguf/file.h"

namespace infinipot {

namespace {

std::vector<double> vector_of(const GgufFile& file, const std::string& name) {
    const GgufTensor& tensor = file.get_tensor(name);
    std::vector<float> values(tensor.n_bytes / sizeof(float));
    std::memcpy(values.data(), tensor.data, tensor.n_bytes);
    return {values.begin(), values.end()};
}

std::vector<std::vector<double>> matrix_of(const GgufFile& file, const std::string& name) {
    const std::vector<double> values = vector_of(file, name);
    const auto n_in = static_cast<std::size_t>(file.get_tensor(name).ne[0]);
    std::vector<std::vector<double>> rows;
    for (std::size_t at = 0; at < values.size(); at += n_in) {
        rows.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(at),
                          values.begin() + static_cast<std::ptrdiff_t>(at + n_in));
    }
    return rows;
}

std::vector<double> vector_or_none(const GgufFile& file, const std::string& name) {
    return file.find_tensor(name) ? vector_of(file, name) : std::vector<double>();
}

std::vector<std::vector<double>> rows_of(const std::vector<std::vector<double>>& matrix,
                                         std::size_t first, std::size_t n) {
    const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> times(const std::vector<std::vector<double>>& matrix,
                          const std::vector<double>& x) {
    std::vector<double> y;
    for (const auto& row : matrix) y.push_back(dot(row, x));
    return y;
}

/// y may be empty, for none.
std::vector<double> plus(std::vector<double> x, const std::vector<double>& y) {
    if (y.empty()) return x;
    std::ranges::transform(x, y, x.begin(), std::plus<>());
    return x;
}

std::vector<double> softmax(std::vector<double> x) {
    const double largest = *std::ranges::max_element(x);
    for (double& value : x) value = std::exp(value - largest);
    const double sum = std::accumulate(x.begin(), x.end(), 0.0);
    for (double& value : x) value /= sum;
    return x;
}

double capped(double x, double cap) { return cap == 0 ? x : cap * std::tanh(x / cap); }

/// H x / sqrt(n), for blocks of n that are the largest power of two that divides x: sums and
/// differences of elements 1, 2, 4, ... apart.
std::vector<double> hadamard(std::vector<double> x) {
    std::size_t n = 1;
    for (; x.size() % (2 * n) == 0; n *= 2) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            if ((i & n) != 0) continue;
            const double low = x[i], high = x[i + n];
            x[i] = low + high;
            x[i + n] = low - high;
        }
    }
    for (double& value : x) value /= std::sqrt(static_cast<double>(n));
    return x;
}

std::vector<double> rounded(std::vector<double> x, ggml_type type) {
    if (ggml_is_quantized(type)) x = hadamard(x);
    std::vector<float> numbers(x.begin(), x.end());
    const auto n = static_cast<std::int64_t>(x.size());
    std::vector<char> row(ggml_row_size(type, n));
    ggml_get_type_traits(type)->from_float_ref(numbers.data(), row.data(), n);
    ggml_get_type_traits(type)->to_float(row.data(), numbers.data(), n);
    x.assign(numbers.begin(), numbers.end());
    return ggml_is_quantized(type) ? hadamard(x) : x;
}

double half(double x) {
    return static_cast<double>(ggml_fp16_to_fp32(ggml_fp32_to_fp16(static_cast<float>(x))));
}

}  // namespace

Reference::Reference(const std::filesystem::path& path, int capacity, int window) {
    const GgufFile file = GgufFile::open(path);
    architecture_ = file.get_string("general.architecture");
    is_gemma_ = architecture_ == "gemma2" || architecture_ == "gemma3";
    read_keys(file);
    embedding_ = matrix_of(file, "token_embd.weight");
    head_ = file.find_tensor("output.weight") ? matrix_of(file, "output.weight") : embedding_;
    norm_ = vector_of(file, "output_norm.weight");
    for (int il = 0; il < file.get_i32(architecture_ + ".block_count"); ++il) read_layer(file, il);
    read_window(file, window);
    read_factors(file, capacity);
    pot_.assign(layers_.size(), std::vector<Head>(static_cast<std::size_t>(n_head_kv_)));
    queries_.resize(layers_.size());
}

void Reference::read_keys(const GgufFile& file) {
    const auto count = [&](const char* key) { return file.get_i32(architecture_ + "." + key); };
    const auto number = [&](const char* key, float otherwise) {
        return static_cast<double>(file.find_f32(architecture_ + "." + key).value_or(otherwise));
    };
    n_head_ = count("attention.head_count");
    n_head_kv_ = count("attention.head_count_kv");
    n_embd_head_ = count("attention.key_length");
    n_rot_ = count("rope.dimension_count");
    eps_ = number("attention.layer_norm_rms_epsilon", 0);
    attention_softcap_ = number("attn_logit_softcapping", 0);
    final_softcap_ = number("final_logit_softcapping", 0);
    rope_magnitude_ = number("rope.scaling.attn_factor", 1);
}

void Reference::read_layer(const GgufFile& file, int il) {
    const std::string prefix = "blk." + std::to_string(il) + ".";
    const auto matrix = [&](const char* name) {
        return matrix_of(file, prefix + name + ".weight");
    };
    const auto vector = [&](const char* name) { return vector_or_none(file, prefix + name); };
    Layer layer;
    layer.attention_norm = vector("attn_norm.weight");
    layer.ffn_norm = vector("ffn_norm.weight");
    layer.output = matrix("attn_output");
    layer.up = matrix("ffn_up");
    layer.down = matrix("ffn_down");
    layer.q_bias = vector("attn_q.bias");
    layer.k_bias = vector("attn_k.bias");
    layer.v_bias = vector("attn_v.bias");
    layer.q_norm = vector("attn_q_norm.weight");
    layer.k_norm = vector("attn_k_norm.weight");
    layer.post_attention_norm = vector("post_attention_norm.weight");
    layer.post_ffn_norm = vector("post_ffw_norm.weight");
    if (architecture_ == "phi3") {  // Q, K and V in one matrix, gate and up in another
        const auto qkv = matrix("attn_qkv");
        const auto n_q = static_cast<std::size_t>(n_head_ * n_embd_head_);
        const auto n_kv = static_cast<std::size_t>(n_head_kv_ * n_embd_head_);
        layer.q = rows_of(qkv, 0, n_q);
        layer.k = rows_of(qkv, n_q, n_kv);
        layer.v = rows_of(qkv, n_q + n_kv, n_kv);
        const auto gate_up = layer.up;
        layer.gate = rows_of(gate_up, 0, gate_up.size() / 2);
        layer.up = rows_of(gate_up, gate_up.size() / 2, gate_up.size() / 2);
    } else {
        layer.q = matrix("attn_q");
        layer.k = matrix("attn_k");
        layer.v = matrix("attn_v");
        layer.gate = matrix("ffn_gate");
    }
    layer.freq_base = static_cast<double>(file.get_f32(architecture_ + ".rope.freq_base"));
    const auto factor = file.find_f32(architecture_ + ".rope.scaling.factor").value_or(1.0f);
    layer.freq_scale = 1 / static_cast<double>(factor);
    layers_.push_back(layer);
}

/// Every n-th layer is global, the others see a window; gemma3's rotate otherwise as well.
void Reference::read_window(const GgufFile& file, int otherwise) {
    const auto key = [&](const char* name) { return architecture_ + ".attention." + name; };
    const int window = file.find_i32(key("sliding_window")).value_or(otherwise);
    const int by_default = architecture_ == "gemma2" ? 2 : architecture_ == "gemma3" ? 6 : 0;
    const int pattern = file.find_i32(key("sliding_window_pattern")).value_or(by_default);
    if (window == 0 || architecture_ == "phi3") return;
    for (int il = 0; il < static_cast<int>(layers_.size()); ++il) {
        if (pattern != 0 && il % pattern == pattern - 1) continue;
        Layer& layer = layers_[static_cast<std::size_t>(il)];
        layer.window = window;
        if (architecture_ != "gemma3") continue;
        layer.freq_base = static_cast<double>(file.get_f32("gemma3.rope.freq_base_swa"));
        layer.freq_scale = 1;
    }
}

void Reference::read_factors(const GgufFile& file, int capacity) {
    const int original = file.find_i32(architecture_ + ".rope.scaling.original_context_length")
                             .value_or(file.get_i32(architecture_ + ".context_length"));
    freq_factors_ = vector_or_none(file, "rope_freqs.weight");
    if (!freq_factors_.empty()) return;
    freq_factors_ = vector_or_none(
        file, capacity > original ? "rope_factors_long.weight" : "rope_factors_short.weight");
}

Reference::Vector Reference::normed(const Vector& x, const Vector& weight) const {
    const double mean_square = dot(x, x) / static_cast<double>(x.size());
    Vector y = x;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= weight[i] / std::sqrt(mean_square + eps_);
    return y;
}

/// The norm of each head by itself.
Reference::Vector Reference::heads_normed(const Vector& x, const Vector& weight) const {
    if (weight.empty()) return x;
    Vector y;
    for (auto head = x.begin(); head != x.end(); head += n_embd_head_) {
        const Vector one = normed({head, head + n_embd_head_}, weight);
        y.insert(y.end(), one.begin(), one.end());
    }
    return y;
}

/// LLaMA turns neighbours, all others number i and number i + n_rot / 2; what is behind n_rot
/// stays.
Reference::Vector Reference::rotated(const Layer& layer, const double* x, int position) const {
    Vector y(x, x + n_embd_head_);
    for (int pair = 0; pair < n_rot_ / 2; ++pair) {
        const bool neighbours = architecture_ == "llama";
        const auto a = static_cast<std::size_t>(neighbours ? 2 * pair : pair);
        const auto b = neighbours ? a + 1 : a + static_cast<std::size_t>(n_rot_ / 2);
        double angle =
            position * layer.freq_scale * std::pow(layer.freq_base, -2.0 * pair / n_rot_);
        if (!freq_factors_.empty()) angle /= freq_factors_[static_cast<std::size_t>(pair)];
        y[a] = (x[a] * std::cos(angle) - x[b] * std::sin(angle)) * rope_magnitude_;
        y[b] = (x[a] * std::sin(angle) + x[b] * std::cos(angle)) * rope_magnitude_;
    }
    return y;
}

/// A vector of a head as the pot gives it back.
Reference::Vector Reference::stored(const Vector& x) const { return rounded(x, type_); }

/// A key as queries are compared with it.
Reference::Vector Reference::rotated_copy(const Layer& layer, const Entry& entry,
                                          int position) const {
    if (type_ == GGML_TYPE_F16) return rotated(layer, entry.key.data(), position);
    return stored(rotated(layer, entry.source.data(), position));
}

/// A query as keys of the pot are compared with it.
Reference::Vector Reference::compared(const Vector& query) const {
    if (!rounds_queries_ || type_ == GGML_TYPE_F16) return query;
    return rounded(query, ggml_is_quantized(type_) ? GGML_TYPE_Q8_0 : type_);
}

/// silu, or gelu's tanh approximation, which ggml looks up in a table of F16 numbers.
double Reference::activated(double gate) const {
    if (!is_gemma_) return gate / (1 + std::exp(-gate));
    const double x = half(gate);
    return half(0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * x * (1 + 0.044715 * x * x))));
}

/// Where the newest entry's query sees itself and the entry of a slot.
std::pair<int, int> Reference::places(const Head& head, std::size_t slot) const {
    const int query = static_cast<int>(head.size()) - 1, key = static_cast<int>(slot);
    switch (positions_.rule) {
        case Positions::reset:  // CR-RoPE: slot j is position j, whatever token it holds
            return {first_position_ + query, first_position_ + key};
        case Positions::keep:
            return {static_cast<int>(head.back().position), static_cast<int>(head[slot].position)};
        case Positions::grouped: {  // Self-Extend
            const int group = positions_.group, near = positions_.neighbours;
            if (query - key < near) return {query, key};
            return {query / group + near - near / group, key / group};
        }
    }
    return {};
}

std::vector<double> Reference::rotated_key(int il, int head, int slot) const {
    const Head& entries = pot_[static_cast<std::size_t>(il)][static_cast<std::size_t>(head)];
    const auto at = static_cast<std::size_t>(slot);
    return rotated_copy(layers_[static_cast<std::size_t>(il)], entries[at],
                        places(entries, at).second);
}

Reference::Vector Reference::attend(int il, const Vector& q, Scores* attention) {
    const Layer& layer = layers_[static_cast<std::size_t>(il)];
    MatrixRows& queries = queries_[static_cast<std::size_t>(il)];
    queries.clear();
    Vector out;
    for (int h = 0; h < n_head_; ++h) {
        const auto head_kv = static_cast<std::size_t>(h / (n_head_ / n_head_kv_));
        const Head& head = pot_[static_cast<std::size_t>(il)][head_kv];
        queries.emplace_back(q.begin() + h * n_embd_head_, q.begin() + (h + 1) * n_embd_head_);
        Vector query, logits;
        for (std::size_t slot = 0; slot < head.size(); ++slot) {
            const auto [at, key_at] = places(head, slot);
            const auto distance = static_cast<int>(head.size() - 1 - slot);
            const bool far =  // then rotated for each query, and not rounded
                positions_.rule == Positions::grouped && distance >= positions_.neighbours;
            if (slot == 0 || positions_.rule == Positions::grouped) {
                query = rotated(layer, queries.back().data(), at);
                if (!far) query = compared(query);
            }
            const Vector key = far ? rotated(layer, head[slot].key.data(), key_at)
                                   : rotated_copy(layer, head[slot], key_at);
            logits.push_back(capped(dot(query, key) / std::sqrt(n_embd_head_), attention_softcap_));
            if (layer.window > 0 && distance >= layer.window) logits.back() = -INFINITY;
        }
        const Vector p = softmax(logits);
        Vector mixed(static_cast<std::size_t>(n_embd_head_), 0.0);
        for (std::size_t slot = 0; slot < head.size(); ++slot) {
            for (std::size_t i = 0; i < mixed.size(); ++i)
                mixed[i] += p[slot] * head[slot].value[i];
        }
        out.insert(out.end(), mixed.begin(), mixed.end());
        if (attention == nullptr) continue;
        Vector& mass = (*attention)[static_cast<std::size_t>(il)][head_kv];
        for (std::size_t slot = 0; slot < mass.size(); ++slot) {
            mass[slot] += p[slot] / (n_head_ / n_head_kv_);
        }
    }
    return out;
}

/// The token goes to the next slot of every head.
Reference::Vector Reference::forward(Token token, Scores* attention) {
    Vector x = embedding_[static_cast<std::size_t>(token)];
    if (is_gemma_) {
        const double scale = std::sqrt(static_cast<double>(x.size()));
        for (double& value : x) value *= scale;
    }
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        const Layer& layer = layers_[il];
        Vector h = normed(x, layer.attention_norm);
        const Vector q = heads_normed(plus(times(layer.q, h), layer.q_bias), layer.q_norm);
        const Vector k = heads_normed(plus(times(layer.k, h), layer.k_bias), layer.k_norm);
        const Vector v = plus(times(layer.v, h), layer.v_bias);
        for (int head = 0; head < n_head_kv_; ++head) {
            Entry entry;
            entry.position = stream_position_;
            const int begin = head * n_embd_head_, end = begin + n_embd_head_;
            entry.source = {k.begin() + begin, k.begin() + end};
            entry.key = stored(entry.source);
            entry.value = stored({v.begin() + begin, v.begin() + end});
            pot_[il][static_cast<std::size_t>(head)].push_back(entry);
        }
        h = times(layer.output, attend(static_cast<int>(il), q, attention));
        if (is_gemma_) h = normed(h, layer.post_attention_norm);
        x = plus(x, h);

        h = normed(x, layer.ffn_norm);
        const Vector gate = times(layer.gate, h);
        Vector inner = times(layer.up, h);
        for (std::size_t i = 0; i < inner.size(); ++i) inner[i] *= activated(gate[i]);
        h = times(layer.down, inner);
        if (is_gemma_) h = normed(h, layer.post_ffn_norm);
        x = plus(x, h);
    }
    ++stream_position_;
    Vector logits = times(head_, normed(x, norm_));
    for (double& logit : logits) logit = capped(logit, final_softcap_);
    return logits;
}

void Reference::read(Token token, Scores* attention) {
    double surprisal = 0;
    if (!logits_.empty()) surprisal = -std::log(softmax(logits_)[static_cast<std::size_t>(token)]);
    if (attention != nullptr) *attention = no_attention(n() + 1);
    logits_ = forward(token, attention);
    for (auto& layer : pot_) {
        for (Head& head : layer) {
            head.back().surprisal = surprisal;
            head.back().token = token;
        }
    }
}

Reference::Scores Reference::no_attention(int n) const {
    return Scores(layers_.size(), MatrixRows(static_cast<std::size_t>(n_head_kv_),
                                             Vector(static_cast<std::size_t>(n), 0.0)));
}

Reference::Scores Reference::catalyst_attention(const std::vector<Token>& catalyst) {
    Scores mass = no_attention(n());
    for (const Token token : catalyst) forward(token, &mass);
    take_back(static_cast<int>(catalyst.size()), logits_);
    return mass;
}

void Reference::take_back(int n, const Vector& logits) {
    for (auto& layer : pot_) {
        for (Head& head : layer) head.resize(head.size() - static_cast<std::size_t>(n));
    }
    stream_position_ -= n;
    logits_ = logits;
}

std::vector<int> Reference::select(const Vector& surprisal, const Vector& attention, int retain,
                                   int n_novel, int protect_first, int protect_recent) {
    const int n = static_cast<int>(surprisal.size());
    std::vector<int> kept;
    const auto is_kept = [&](int slot) { return std::ranges::find(kept, slot) != kept.end(); };
    const auto best = [&](const Vector& score) {  // of those not kept; a tie keeps the more recent
        int winner = -1;
        for (int slot = 0; slot < n; ++slot) {
            if (is_kept(slot)) continue;
            const auto at = static_cast<std::size_t>(slot);
            if (winner < 0 || score[at] >= score[static_cast<std::size_t>(winner)]) winner = slot;
        }
        return winner;
    };
    for (int slot = 0; slot < protect_first; ++slot) kept.push_back(slot);
    for (int slot = n - protect_recent; slot < n; ++slot) kept.push_back(slot);
    for (int i = 0; i < n_novel; ++i) kept.push_back(best(surprisal));
    while (static_cast<int>(kept.size()) < retain) kept.push_back(best(attention));
    std::ranges::sort(kept);
    return kept;
}

Reference::Kept Reference::distil(const std::vector<Token>& catalyst, const Settings& settings) {
    const Scores attention = catalyst_attention(catalyst);
    const int room = settings.retain - settings.protect_first - settings.protect_recent;
    const int n_novel = static_cast<int>(std::lround(settings.novelty * room));
    Kept kept;
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        kept.emplace_back();
        for (std::size_t h = 0; h < pot_[il].size(); ++h) {
            Vector surprisal;
            for (const Entry& entry : pot_[il][h]) surprisal.push_back(entry.surprisal);
            kept.back().push_back(select(surprisal, attention[il][h], settings.retain, n_novel,
                                         settings.protect_first, settings.protect_recent));
        }
    }
    keep(kept);
    return kept;
}

namespace {

/// The first slot that is not kept, or how many are.
std::size_t first_gap(const std::vector<int>& slots) {
    std::size_t j = 0;
    while (j < slots.size() && slots[j] == static_cast<int>(j)) ++j;
    return j;
}

/// Rotated anew, from slot `begin` to before `end`.
void rotate_anew(Reference::Head& head, std::size_t begin, std::size_t end) {
    for (std::size_t j = begin; j < end; ++j) head[j].source = head[j].key;
}

}  // namespace

/// Entries behind the first slot that moves in any head are rotated anew.
void Reference::keep(const Kept& kept) {
    drop(kept);
    if (positions_.rule != Positions::reset) return;
    std::size_t first_moved = kept[0][0].size();
    for (const auto& layer : kept) {
        for (const auto& slots : layer) first_moved = std::min(first_moved, first_gap(slots));
    }
    for (auto& layer : pot_) {
        for (Head& head : layer) rotate_anew(head, first_moved, head.size());
    }
}

void Reference::let_one_go(const Kept& kept, int n_positions) {
    drop(kept);
    ++first_position_;
    const bool at_end = first_position_ + n() >= n_positions;
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        for (std::size_t h = 0; h < pot_[il].size(); ++h) {
            Head& head = pot_[il][h];
            rotate_anew(head, 0, at_end ? head.size() : first_gap(kept[il][h]));
        }
    }
    if (at_end) first_position_ = 0;
}

void Reference::drop(const Kept& kept) {
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        for (std::size_t h = 0; h < pot_[il].size(); ++h) {
            Head survivors;
            for (const int slot : kept[il][h])
                survivors.push_back(pot_[il][h][static_cast<std::size_t>(slot)]);
            pot_[il][h] = survivors;
        }
    }
}

}  // namespace infinipot
