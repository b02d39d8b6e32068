#include "support/reference.h"

#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/plain_arithmetic.h"

// The forward pass of the reference.

namespace infinipot {
namespace {

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
    if (type == GGML_TYPE_F32) return x;  // of the reference alone, which rounds nothing then
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

Reference::Vector Reference::normed(const Vector& x, const Vector& weight,
                                    const Vector& bias) const {
    if (weight.empty()) return x;
    const auto n = static_cast<double>(x.size());
    Vector y = x;
    if (has_layer_norm_) {
        const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
        for (double& value : y) value -= mean;
    }
    const double mean_square = dot(y, y) / n;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= weight[i] / std::sqrt(mean_square + eps_);
    return plus(y, bias);
}

/// The norm of each part that is as long as the weight: of each head by itself, or of all.
Reference::Vector Reference::heads_normed(const Vector& x, const Vector& weight) const {
    if (weight.empty() || normalises_after_rope_) return x;
    const auto n = static_cast<std::ptrdiff_t>(weight.size());
    Vector y;
    for (auto head = x.begin(); head != x.end(); head += n) {
        const Vector one = normed({head, head + n}, weight);
        y.insert(y.end(), one.begin(), one.end());
    }
    return y;
}

/// Some turn neighbours, others number i and number i + n_rot / 2; what is behind n_rot stays.
Reference::Vector Reference::rotated(const Layer& layer, const double* x, int position) const {
    Vector y(x, x + n_embd_head_);
    if (!layer.has_rope) return y;
    for (int pair = 0; pair < n_rot_ / 2; ++pair) {
        const auto a = static_cast<std::size_t>(turns_neighbours_ ? 2 * pair : pair);
        const auto b = turns_neighbours_ ? a + 1 : a + static_cast<std::size_t>(n_rot_ / 2);
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

void Reference::subtract_key_bias(int n_positions, const std::vector<bool>& turns) {
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        Layer& layer = layers_[il];
        layer.centres_turn = turns[il];
        for (int head = 0; head < n_head_kv_ && !layer.k_bias.empty(); ++head) {
            const double* bias = layer.k_bias.data() + head * n_embd_head_;
            layer.key_centres.emplace_back(bias, bias + n_embd_head_);
            Vector mean(static_cast<std::size_t>(n_embd_head_), 0.0);
            for (int p = 0; p < n_positions; ++p) mean = plus(mean, rotated(layer, bias, p));
            for (double& x : mean) x /= n_positions;
            layer.rotated_key_centres.push_back(mean);
        }
    }
}

Reference::Vector Reference::stored_without(const Vector& centre, Vector x) const {
    if (centre.empty() || !ggml_is_quantized(type_)) return stored(x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= centre[i];
    return plus(stored(x), centre);
}

/// A key as queries are compared with it.
Reference::Vector Reference::rotated_copy(const Layer& layer, int head, const Entry& entry,
                                          int position) const {
    const Vector& source = type_ == GGML_TYPE_F16 ? entry.key : entry.source;
    Vector key = rotated(layer, source.data(), position);
    if (normalises_after_rope_) key = normed(key, layer.k_norm);
    if (type_ == GGML_TYPE_F16) return key;
    const auto at = static_cast<std::size_t>(head);
    if (layer.key_centres.empty()) return stored(key);
    return stored_without(layer.centres_turn
                              ? rotated(layer, layer.key_centres[at].data(), position)
                              : layer.rotated_key_centres[at],
                          key);
}

/// Returns whether queries meet copies of keys to which centres were added: as F16 or F32.
bool Reference::reads_copies(const Layer& layer) const {
    return layer.centres_turn ||
           (positions_.rule == Positions::grouped && !layer.key_centres.empty());
}

/// A query as keys of the pot are compared with it.
Reference::Vector Reference::compared(const Vector& query) const {
    if (!rounds_queries_ || type_ == GGML_TYPE_F16) return query;
    return rounded(query, ggml_is_quantized(type_) ? GGML_TYPE_Q8_0 : type_);
}

/// xIELU, silu, or gelu's tanh approximation, which ggml looks up in a table of F16 numbers.
double Reference::activated(const Layer& layer, double gate) const {
    if (layer.alpha_p > 0) {
        return gate > 0 ? layer.alpha_p * gate * gate + layer.beta * gate
                        : layer.alpha_n * (std::expm1(gate) - gate) + layer.beta * gate;
    }
    if (!has_gelu_) return gate / (1 + std::exp(-gate));
    const double x = half(gate);
    return half(0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * x * (1 + 0.044715 * x * x))));
}

/// Returns the positions of the newest entry's query and of a slot's key, as that query sees them.
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

const Reference::Layer& Reference::layer_of_pot(int i) const {
    return *std::ranges::find_if(layers_, [i](const Layer& layer) {
        return layer.attends && !layer.is_local && layer.index == static_cast<std::size_t>(i);
    });
}

std::vector<double> Reference::rotated_key(int il, int head, int slot) const {
    const Head& entries = pot_[static_cast<std::size_t>(il)][static_cast<std::size_t>(head)];
    const auto at = static_cast<std::size_t>(slot);
    return rotated_copy(layer_of_pot(il), head, entries[at], places(entries, at).second);
}

Reference::Vector Reference::attend_to_entries(const Layer& layer, const Vector& q,
                                               Scores* attention) {
    const bool in_groups = positions_.rule == Positions::grouped && !layer.is_local;
    MatrixRows queries;
    Vector out;
    for (int h = 0; h < n_head_; ++h) {
        const auto head_kv = static_cast<std::size_t>(h / (n_head_ / n_head_kv_));
        const Head& head = heads(layer)[head_kv];
        queries.emplace_back(q.begin() + h * n_embd_head_, q.begin() + (h + 1) * n_embd_head_);
        Vector query, logits;
        for (std::size_t slot = 0; slot < head.size(); ++slot) {
            auto [at, key_at] = places(head, slot);
            if (layer.is_local) {
                at = static_cast<int>(head.size()) - 1;
                key_at = static_cast<int>(slot);
            }
            const auto distance = static_cast<int>(head.size() - 1 - slot);
            const bool far =  // then rotated for each query, and not rounded
                in_groups && distance >= positions_.neighbours;
            if (slot == 0 || in_groups) {
                query = rotated(layer, queries.back().data(), at);
                if (normalises_after_rope_) query = normed(query, layer.q_norm);
                const double temperature =
                    1 + temperature_scale_ * std::log(1 + at / temperature_span_);
                for (double& value : query) value *= temperature;
                if (!far && !reads_copies(layer)) query = compared(query);
            }
            const Vector key =
                far ? rotated(layer, head[slot].key.data(), key_at)
                    : rotated_copy(layer, static_cast<int>(head_kv), head[slot], key_at);
            logits.push_back(capped(dot(query, key) * attention_scale_, attention_softcap_));
            if (layer.window > 0 && distance >= layer.window) logits.back() = -INFINITY;
        }
        if (!layer.sinks.empty()) logits.push_back(layer.sinks[static_cast<std::size_t>(h)]);
        const Vector p = softmax(logits);  // the sink has no value
        Vector mixed(static_cast<std::size_t>(n_embd_head_), 0.0);
        for (std::size_t slot = 0; slot < head.size(); ++slot) {
            for (std::size_t i = 0; i < mixed.size(); ++i)
                mixed[i] += p[slot] * head[slot].value[i];
        }
        out.insert(out.end(), mixed.begin(), mixed.end());
        if (attention == nullptr || layer.is_local) continue;
        Vector& mass = (*attention)[layer.index][head_kv];
        for (std::size_t slot = 0; slot < mass.size(); ++slot) {
            mass[slot] += p[slot] / (n_head_ / n_head_kv_);
        }
    }
    if (!layer.is_local) queries_[layer.index] = queries;
    return out;
}

/// The experts of a token and their weights.
std::vector<std::pair<std::size_t, double>> Reference::chosen_experts(const Layer& layer,
                                                                      const Vector& x) const {
    Vector p = plus(times(layer.router, x), layer.router_bias);
    if (is("glm4moe", "lfm2moe")) {
        for (double& number : p) number = 1 / (1 + std::exp(-number));
    } else if (!is("gpt-oss")) {
        p = softmax(p);
    }
    const Vector choosing = plus(p, layer.selection_bias);
    std::vector<std::size_t> experts(p.size());
    std::iota(experts.begin(), experts.end(), 0);
    std::ranges::sort(experts,
                      [&](std::size_t a, std::size_t b) { return choosing[a] > choosing[b]; });
    experts.resize(static_cast<std::size_t>(n_expert_used_));
    Vector weights;
    for (const std::size_t expert : experts) weights.push_back(p[expert]);
    if (is("gpt-oss")) weights = softmax(weights);
    const double sum =
        is("olmoe", "gpt-oss") ? 1 : std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<std::pair<std::size_t, double>> chosen;
    for (std::size_t i = 0; i < experts.size(); ++i)
        chosen.emplace_back(experts[i], weights[i] / sum * expert_scale_);
    return chosen;
}

/// The weighted sum of the chosen experts, and the shared one.
Reference::Vector Reference::mixture(const Layer& layer, const Vector& x) const {
    Vector y = layer.up.empty() ? Vector(x.size(), 0.0) : dense(layer, x);
    if (!layer.shared_gate.empty()) {
        for (double& value : y) value /= 1 + std::exp(-dot(layer.shared_gate, x));
    }
    const auto bias = [](const MatrixRows& biases, std::size_t expert) {
        return biases.empty() ? Vector() : biases[expert];
    };
    for (const auto& [expert, weight] : chosen_experts(layer, x)) {
        Vector inner = plus(times(layer.gates[expert], x), bias(layer.gate_biases, expert));
        const Vector up = plus(times(layer.ups[expert], x), bias(layer.up_biases, expert));
        for (std::size_t i = 0; i < inner.size(); ++i) {
            if (is("gpt-oss")) {
                const double gate = std::min(inner[i], 7.0);
                inner[i] =
                    gate / (1 + std::exp(-1.702 * gate)) * (std::clamp(up[i], -7.0, 7.0) + 1);
            } else {
                inner[i] = activated(layer, inner[i]) * up[i];
            }
        }
        Vector out = plus(times(layer.downs[expert], inner), bias(layer.down_biases, expert));
        for (double& value : out) value *= weight;
        y = plus(y, out);
    }
    return y;
}

Reference::Vector Reference::feed_forward(const Layer& layer, const Vector& x) const {
    return layer.router.empty() ? dense(layer, x) : mixture(layer, x);
}

Reference::Vector Reference::dense(const Layer& layer, const Vector& x) const {
    const Vector up = plus(times(layer.up, x), layer.up_bias);
    Vector inner = layer.gate.empty() ? up : times(layer.gate, x);
    for (double& value : inner) value = activated(layer, value);
    for (std::size_t i = 0; i < inner.size() && !layer.gate.empty(); ++i) inner[i] *= up[i];
    return plus(times(layer.down, inner), layer.down_bias);
}

/// The result of attention behind its norm. Keys and values go to the next slot of every head.
Reference::Vector Reference::attend(const Layer& layer, const Vector& x, Scores* attention) {
    const Vector q = heads_normed(plus(times(layer.q, x), layer.q_bias), layer.q_norm);
    const Vector k = heads_normed(plus(times(layer.k, x), layer.k_bias), layer.k_norm);
    const Vector v = plus(times(layer.v, x), layer.v_bias);
    for (int head = 0; head < n_head_kv_; ++head) {
        Entry entry;
        entry.position = stream_position_;
        const int begin = head * n_embd_head_, end = begin + n_embd_head_;
        entry.source = {k.begin() + begin, k.begin() + end};
        entry.key = stored_without(layer.key_centres.empty()
                                       ? Vector{}
                                       : layer.key_centres[static_cast<std::size_t>(head)],
                                   entry.source);
        entry.value = stored({v.begin() + begin, v.begin() + end});
        heads(layer)[static_cast<std::size_t>(head)].push_back(entry);
    }
    Vector attended = attend_to_entries(layer, q, attention);
    const Vector gate = times(layer.output_gate, x);
    for (std::size_t i = 0; i < gate.size(); ++i) attended[i] /= 1 + std::exp(-gate[i]);
    return plus(times(layer.output, attended), layer.output_bias);
}

/// Attention, a recurrence, or the sum of both.
Reference::Vector Reference::mix(std::size_t il, const Vector& x, Scores* attention) {
    const Layer& layer = layers_[il];
    std::optional<ReferenceRecurrence>& recurrence = recurrences_[il];
    if (!recurrence) return attend(layer, x, attention);
    const Vector recurred = recurrence->step(x);
    return layer.attends ? plus(attend(layer, x, attention), recurred) : recurred;
}

Reference::Vector Reference::forward(Token token, Scores* attention) {
    Vector x = embedding_[static_cast<std::size_t>(token)];
    for (double& value : x) value *= embedding_scale_;
    for (std::size_t il = 0; il < layers_.size(); ++il) {
        const Layer& layer = layers_[il];
        const Vector before = normed(x, layer.attention_norm, layer.attention_norm_bias);
        Vector h = mix(il, before, attention);
        h = normed(h, layer.post_attention_norm);
        for (double& value : h) value *= residual_scale_;
        x = plus(x, h);

        h = is_parallel_ ? before : normed(x, layer.ffn_norm, layer.ffn_norm_bias);
        h = feed_forward(layer, h);
        h = normed(h, layer.post_ffn_norm);
        for (double& value : h) value *= residual_scale_;
        x = plus(x, h);
    }
    ++stream_position_;
    Vector logits = times(head_, normed(x, norm_, norm_bias_));
    for (double& logit : logits) logit = capped(logit * logit_scale_, final_softcap_);
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
    return Scores(pot_.size(), MatrixRows(static_cast<std::size_t>(n_head_kv_),
                                          Vector(static_cast<std::size_t>(n), 0.0)));
}

}  // namespace infinipot
