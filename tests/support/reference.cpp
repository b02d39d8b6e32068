#include "support/reference.h"

#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "model/gguf_file.h"

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

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> times(const std::vector<std::vector<double>>& matrix,
                          const std::vector<double>& x) {
    std::vector<double> y;
    for (const auto& row : matrix) y.push_back(dot(row, x));
    return y;
}

std::vector<double> plus(std::vector<double> x, const std::vector<double>& y) {
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

double half(double x) {
    return static_cast<double>(ggml_fp16_to_fp32(ggml_fp32_to_fp16(static_cast<float>(x))));
}

}  // namespace

Reference::Reference(const std::filesystem::path& path) {
    const GgufFile file = GgufFile::open(path);
    const auto count = [&](const char* key) { return file.get_i32(std::string("llama.") + key); };
    n_head_ = count("attention.head_count");
    n_head_kv_ = count("attention.head_count_kv");
    eps_ = static_cast<double>(file.get_f32("llama.attention.layer_norm_rms_epsilon"));
    freq_base_ = static_cast<double>(file.find_f32("llama.rope.freq_base").value_or(10000.0f));
    embedding_ = matrix_of(file, "token_embd.weight");
    head_ = file.find_tensor("output.weight") ? matrix_of(file, "output.weight") : embedding_;
    norm_ = vector_of(file, "output_norm.weight");
    for (int il = 0; il < count("block_count"); ++il) {
        const std::string prefix = "blk." + std::to_string(il) + ".";
        const auto matrix = [&](const char* name) { return matrix_of(file, prefix + name); };
        layers_.push_back({vector_of(file, prefix + "attn_norm.weight"),
                           vector_of(file, prefix + "ffn_norm.weight"), matrix("attn_q.weight"),
                           matrix("attn_k.weight"), matrix("attn_v.weight"),
                           matrix("attn_output.weight"), matrix("ffn_gate.weight"),
                           matrix("ffn_up.weight"), matrix("ffn_down.weight")});
    }
    n_embd_head_ = static_cast<int>(layers_[0].k.size()) / n_head_kv_;
    pot_.assign(layers_.size(), std::vector<Head>(static_cast<std::size_t>(n_head_kv_)));
    queries_.resize(layers_.size());
}

Reference::Vector Reference::normed(const Vector& x, const Vector& weight) const {
    const double mean_square = dot(x, x) / static_cast<double>(x.size());
    Vector y = x;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= weight[i] / std::sqrt(mean_square + eps_);
    return y;
}

Reference::Vector Reference::rotated(const double* x, int position) const {
    Vector y(static_cast<std::size_t>(n_embd_head_));
    for (int i = 0; i < n_embd_head_; i += 2) {
        const double angle =
            position * std::pow(freq_base_, -static_cast<double>(i) / n_embd_head_);
        const auto at = static_cast<std::size_t>(i);
        y[at] = x[i] * std::cos(angle) - x[i + 1] * std::sin(angle);
        y[at + 1] = x[i] * std::sin(angle) + x[i + 1] * std::cos(angle);
    }
    return y;
}

/// Where the newest entry's query sees itself and the entry of a slot.
std::pair<int, int> Reference::places(const Head& head, std::size_t slot) const {
    const int query = static_cast<int>(head.size()) - 1, key = static_cast<int>(slot);
    switch (positions_.rule) {
        case Positions::reset:  // CR-RoPE: slot j is position j, whatever token it holds
            return {query, key};
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
    return rotated(entries[at].key, places(entries, at).second);
}

Reference::Vector Reference::attend(int il, const Vector& q, Scores* attention) {
    MatrixRows& queries = queries_[static_cast<std::size_t>(il)];
    queries.clear();
    Vector out;
    for (int h = 0; h < n_head_; ++h) {
        const auto head_kv = static_cast<std::size_t>(h / (n_head_ / n_head_kv_));
        const Head& head = pot_[static_cast<std::size_t>(il)][head_kv];
        queries.emplace_back(q.begin() + h * n_embd_head_, q.begin() + (h + 1) * n_embd_head_);
        Vector logits;
        for (std::size_t slot = 0; slot < head.size(); ++slot) {
            const auto [at, key_at] = places(head, slot);
            const Vector query = rotated(queries.back(), at);
            const Vector key = rotated(head[slot].key, key_at);
            logits.push_back(dot(query, key) / std::sqrt(n_embd_head_));
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
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        const Layer& layer = layers_[il];
        Vector h = normed(x, layer.attention_norm);
        const Vector k = times(layer.k, h);
        const Vector v = times(layer.v, h);
        for (int head = 0; head < n_head_kv_; ++head) {
            Entry entry;
            entry.position = stream_position_;
            for (int i = head * n_embd_head_; i < (head + 1) * n_embd_head_; ++i) {
                entry.key.push_back(half(k[static_cast<std::size_t>(i)]));
                entry.value.push_back(half(v[static_cast<std::size_t>(i)]));
            }
            pot_[il][static_cast<std::size_t>(head)].push_back(entry);
        }
        x = plus(x,
                 times(layer.output, attend(static_cast<int>(il), times(layer.q, h), attention)));
        h = normed(x, layer.ffn_norm);
        const Vector gate = times(layer.gate, h);
        Vector inner = times(layer.up, h);
        for (std::size_t i = 0; i < inner.size(); ++i)
            inner[i] *= gate[i] / (1 + std::exp(-gate[i]));
        x = plus(x, times(layer.down, inner));
    }
    ++stream_position_;
    return times(head_, normed(x, norm_));
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

void Reference::keep(const Kept& kept) {
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
