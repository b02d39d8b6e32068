#include "support/reference_session.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace infinipot {

namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

std::size_t size(int n) { return static_cast<std::size_t>(n); }

double dot(const Vector& a, const Vector& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double length(const Vector& x) { return std::sqrt(dot(x, x)); }

Vector times(const Matrix& matrix, const Vector& x) {
    Vector y;
    for (const Vector& row : matrix) y.push_back(dot(row, x));
    return y;
}

Matrix transposed(const Matrix& matrix) {
    Matrix result(matrix[0].size(), Vector(matrix.size()));
    for (std::size_t i = 0; i < matrix.size(); ++i) {
        for (std::size_t j = 0; j < matrix[i].size(); ++j) result[j][i] = matrix[i][j];
    }
    return result;
}

/// The matrix that turns a vector by the mean of the rotations at [first, first + n).
Matrix mean_rotation(const Reference& reference, std::size_t d, int first, int n) {
    Matrix columns;
    for (std::size_t i = 0; i < d; ++i) {
        Vector unit(d, 0.0), mean(d, 0.0);
        unit[i] = 1;
        for (int position = first; position < first + n; ++position) {
            const Vector turned = reference.rotated(unit, position);
            for (std::size_t j = 0; j < d; ++j) mean[j] += turned[j] / n;
        }
        columns.push_back(mean);
    }
    return transposed(columns);
}

Vector mean_of(const std::vector<Vector>& samples) {
    Vector mean(samples[0].size(), 0.0);
    for (const Vector& sample : samples) {
        for (std::size_t i = 0; i < mean.size(); ++i) {
            mean[i] += sample[i] / static_cast<double>(samples.size());
        }
    }
    return mean;
}

/// 1/N, not 1/(N-1).
Matrix covariance_of(const std::vector<Vector>& samples, const Vector& mean) {
    Matrix result(mean.size(), Vector(mean.size(), 0.0));
    for (const Vector& sample : samples) {
        for (std::size_t i = 0; i < mean.size(); ++i) {
            for (std::size_t j = 0; j < mean.size(); ++j) {
                result[i][j] += (sample[i] - mean[i]) * (sample[j] - mean[j]) /
                                static_cast<double>(samples.size());
            }
        }
    }
    return result;
}

Vector softmax(Vector x) {
    const double largest = *std::ranges::max_element(x);
    for (double& value : x) value = std::exp(value - largest);
    const double sum = std::accumulate(x.begin(), x.end(), 0.0);
    for (double& value : x) value /= sum;
    return x;
}

void add(Vector& sums, const Vector& more) {
    sums.resize(std::max(sums.size(), more.size()), 0.0);
    for (std::size_t i = 0; i < more.size(); ++i) sums[i] += more[i];
}

/// Ranks in `a` that are not in `b`.
methods::Ranks only_in(const methods::Ranks& a, const methods::Ranks& b) {
    methods::Ranks result;
    std::ranges::set_difference(a, b, std::back_inserter(result));
    return result;
}

std::string text_of(const methods::Ranks& ranks, const methods::Head& head) {
    std::string text;
    for (const int rank : ranks) text += " " + std::to_string(head.position[size(rank)]);
    return text.empty() ? " none" : text;
}

}  // namespace

ReferenceSession::ReferenceSession(const std::filesystem::path& model, Settings settings)
    : settings_(std::move(settings)), reference_(model) {
    reference_.set_positions(settings_.positions);
    reference_.store_as(settings_.type, settings_.rounds_queries);
    if (settings_.n_averaged > 0)
        reference_.subtract_key_bias(settings_.n_averaged, settings_.turns);
    received_.resize(reference_.pot().size(), Matrix(reference_.pot()[0].size()));
    queries_.resize(reference_.pot().size());
}

/// Reads a token and remembers what its queries were and what they attended to.
void ReferenceSession::read_one(Token token) {
    Reference::Scores attention;
    const bool is_sink = reference_.n() < settings_.sinks;
    reference_.read(token, &attention);
    for (std::size_t il = 0; il < attention.size(); ++il) {
        for (std::size_t h = 0; h < attention[il].size(); ++h) {
            add(received_[il][h], attention[il][h]);
        }
        const auto& queries = reference_.queries(static_cast<int>(il));
        queries_[il].resize(queries.size());
        for (std::size_t h = 0; h < queries.size() && !is_sink; ++h) {
            queries_[il][h].push_back(queries[h]);
        }
    }
    last_.push_back(attention);
}

void ReferenceSession::read(Token token) {
    const bool is_full = reference_.n() == settings_.full_at;
    if (settings_.schedule == Schedule::when_full && is_full) evict(settings_.retain, 0);
    read_one(token);
    const bool has_one_more = reference_.n() == settings_.retain + 1;
    if (settings_.schedule == Schedule::per_token && has_one_more) evict(settings_.retain, 0);
}

void ReferenceSession::read_deciding_question(const std::vector<Token>& question) {
    logits_before_question_ = reference_.logits();
    reference_.mark();
    n_question_ = static_cast<int>(question.size());
    last_.clear();  // the text's own queries are not observed
    for (const Token token : question) read_one(token);
    evict(settings_.retain, n_question_);
}

void ReferenceSession::read_question(const std::vector<Token>& question) {
    logits_before_question_ = reference_.logits();
    reference_.mark();
    n_question_ = static_cast<int>(question.size());
    for (const Token token : question) reference_.read(token);
}

void ReferenceSession::forget_question() {
    reference_.take_back(n_question_, logits_before_question_);
    for (auto& layer : received_) {
        for (Vector& head : layer) head.resize(size(reference_.n()));
    }
    n_old_ = std::min(n_old_, reference_.n());
}

Reference::Scores ReferenceSession::shown_attention() {
    if (settings_.attention == Attention::of_all_queries) return received_;
    if (settings_.attention == Attention::of_catalyst) {
        return reference_.catalyst_attention(settings_.catalyst);
    }
    Reference::Scores sum(received_.size(), Matrix(received_[0].size()));
    const std::size_t n = std::min(size(settings_.n_queries), last_.size());
    for (std::size_t i = last_.size() - n; i < last_.size(); ++i) {
        for (std::size_t il = 0; il < sum.size(); ++il) {
            for (std::size_t h = 0; h < sum[il].size(); ++h) add(sum[il][h], last_[i][il][h]);
        }
    }
    return sum;
}

methods::Head ReferenceSession::measure_head(int il, int head) const {
    methods::Head result;
    for (const auto& entry : reference_.pot()[size(il)][size(head)]) {
        double l1 = 0;
        for (const double value : entry.value) l1 += std::abs(value);
        result.surprisal.push_back(entry.surprisal);
        result.position.push_back(entry.position);
        result.ends_sentence.push_back(settings_.ends_sentence(entry.token));
        result.key_length.push_back(length(entry.key));
        result.value_l1.push_back(l1);
        result.value_l2.push_back(length(entry.value));
    }
    add_similarity(il, head, result.similarity);
    return result;
}

void ReferenceSession::add_similarity(int il, int head, methods::Numbers& out) const {
    std::vector<Vector> directions;
    for (int slot = 0; slot < reference_.n(); ++slot) {
        Vector key = reference_.rotated_key(il, head, slot);
        const double l2 = length(key);
        for (double& value : key) value /= l2;
        directions.push_back(key);
    }
    const Vector anchor = mean_of(directions);
    for (const Vector& direction : directions)
        out.push_back(dot(direction, anchor) / length(anchor));
}

/// Per query head softmax over all but the sinks of mu.k / sqrt(d) + k.Sigma.k / 2d, and the mean
/// over a group.
void ReferenceSession::add_expected(int il, std::vector<methods::Head>& heads) const {
    const auto& all = queries_[size(il)];
    const std::size_t d = all[0][0].size(), n_group = all.size() / heads.size();
    const Matrix turn = mean_rotation(reference_, d, reference_.n(), 512);
    for (std::size_t h = 0; h < all.size(); ++h) {
        const Vector mean = mean_of(all[h]);
        const Matrix spread = covariance_of(all[h], mean);
        const Vector mu = times(turn, mean);
        Matrix half_turned;  // (R Sigma)^T
        for (const Vector& column : transposed(spread)) half_turned.push_back(times(turn, column));
        Matrix sigma;  // (R Sigma R^T)^T, which is the same
        for (const Vector& row : transposed(half_turned)) sigma.push_back(times(turn, row));
        Vector logits;
        const int head_kv = static_cast<int>(h / n_group);
        for (int slot = settings_.sinks; slot < reference_.n(); ++slot) {
            const Vector key = reference_.rotated_key(il, head_kv, slot);
            logits.push_back(dot(mu, key) / std::sqrt(d) +
                             dot(key, times(sigma, key)) / (2 * static_cast<double>(d)));
        }
        const Vector& sinks = reference_.sinks(il);
        if (!sinks.empty()) logits.push_back(sinks[h]);
        Vector expected(size(settings_.sinks), 0.0);
        for (const double p : softmax(logits)) {
            expected.push_back(p / static_cast<double>(n_group));
        }
        if (!sinks.empty()) expected.pop_back();
        add(heads[size(head_kv)].expected, expected);
    }
}

methods::Layer ReferenceSession::measure(int il, const Reference::Scores& attention) const {
    methods::Layer layer{.number = il,
                         .n_new = reference_.n() - n_old_,
                         .protect_first = settings_.protect_first,
                         .protect_last = settings_.protect_last,
                         .epsilon = other_.epsilon};
    for (int head = 0; head < static_cast<int>(received_[0].size()); ++head) {
        layer.heads.push_back(measure_head(il, head));
        layer.heads.back().attention = attention[size(il)][size(head)];
    }
    if (settings_.expects) add_expected(il, layer.heads);
    layer.most_attention = attention[0][0];
    for (const auto& heads : attention) {
        for (const Vector& head : heads) {
            for (std::size_t rank = 0; rank < head.size(); ++rank) {
                layer.most_attention[rank] = std::max(layer.most_attention[rank], head[rank]);
            }
        }
    }
    return layer;
}

void ReferenceSession::evict(int retain, int question) {
    const Reference::Scores attention = shown_attention();
    Reference::Kept kept;
    for (int il = 0; il < static_cast<int>(received_.size()); ++il) {
        methods::Layer layer = measure(il, attention);
        layer.retain = retain;
        layer.question = question;
        kept.push_back(choose(layer));
    }
    if (settings_.schedule == Schedule::per_token && settings_.positions == Positions::reset) {
        reference_.let_one_go(kept, settings_.n_positions);
    } else {
        reference_.keep(kept);
    }
    for (std::size_t il = 0; il < kept.size(); ++il) {
        for (std::size_t h = 0; h < kept[il].size(); ++h) {
            Vector survivors;
            for (const int rank : kept[il][h]) survivors.push_back(received_[il][h][size(rank)]);
            received_[il][h] = survivors;
        }
        for (auto& queries : queries_[il]) queries.clear();
    }
    last_.clear();
    n_old_ = reference_.n();
    ++n_selections_;
}

/// Returns the method's choice. Returns the other side's choice instead if only rounding separates
/// the two.
methods::Chosen ReferenceSession::choose(methods::Layer layer) {
    methods::Chosen chosen = settings_.method(layer);
    if (!other_.holds) return chosen;
    methods::Chosen others;
    for (std::size_t h = 0; h < layer.heads.size(); ++h) {
        const auto held = other_.holds(layer.number, static_cast<int>(h));
        others.emplace_back();
        for (std::size_t rank = 0; rank < layer.heads[h].position.size(); ++rank) {
            if (std::ranges::find(held, layer.heads[h].position[rank]) == held.end()) continue;
            others.back().push_back(static_cast<int>(rank));
        }
        layer.heads[h].raised = only_in(others[h], chosen[h]);
        layer.heads[h].lowered = only_in(chosen[h], others[h]);
    }
    if (others == chosen) return chosen;
    if (settings_.method(layer) == others) {
        ++n_near_ties_;
        return others;
    }
    for (std::size_t h = 0; h < layer.heads.size() && difference_.empty(); ++h) {
        const methods::Head& head = layer.heads[h];
        if (others[h] == chosen[h]) continue;
        difference_ = "selection " + std::to_string(n_selections_) + ", layer " +
                      std::to_string(layer.number) + ", head " + std::to_string(h) +
                      ": the reference alone keeps" + text_of(head.lowered, head) +
                      ", the engine alone" + text_of(head.raised, head);
    }
    return chosen;
}

}  // namespace infinipot
