#include "support/reference_recurrence.h"

#include <cmath>

#include "support/plain_arithmetic.h"

namespace infinipot {
namespace {

constexpr std::int64_t largest_integer = 1 << 30;

double silu(double x) { return x / (1 + std::exp(-x)); }
double softplus(double x) { return std::log1p(std::exp(x)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

std::vector<double> part(const std::vector<double>& x, std::size_t first, std::size_t n) {
    const auto begin = x.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}

/// x divided by its length.
std::vector<double> unit(std::vector<double> x, double eps) {
    const double length = std::sqrt(dot(x, x) + eps);
    for (double& value : x) value /= length;
    return x;
}

}  // namespace

ReferenceRecurrence::ReferenceRecurrence(const GgufFile& file, const std::string& block) {
    architecture_ = file.get_string("general.architecture");
    const auto count = [&](const char* key) {
        return static_cast<std::size_t>(
            file.get_integer(architecture_ + "." + key, 0, largest_integer));
    };
    const auto matrix = [&](const char* name) {
        const std::string tensor = block + name + ".weight";
        return file.find_tensor(tensor) ? matrix_of(file, tensor) : MatrixRows();
    };
    const auto vector = [&](const char* name) { return vector_or_none(file, block + name); };
    eps_ = static_cast<double>(file.get_f32(architecture_ + ".attention.layer_norm_rms_epsilon"));
    if (architecture_.starts_with("lfm2")) {
        in_ = matrix("shortconv.in_proj");
        kernel_ = matrix("shortconv.conv");
        out_ = matrix("shortconv.out_proj");
    } else {
        n_inner_ = count("ssm.inner_size");
        n_state_ = count("ssm.state_size");
        n_head_ = count("ssm.time_step_rank");
        n_group_ = count("ssm.group_count");
        const bool is_mamba = file.find_tensor(block + "ssm_in.weight") != nullptr;
        in_ = is_mamba ? matrix("ssm_in") : matrix("attn_qkv");
        gate_ = matrix("attn_gate");
        beta_ = matrix("ssm_beta");
        alpha_ = matrix("ssm_alpha");
        beta_alpha_ = matrix("ssm_ba");
        kernel_ = matrix("ssm_conv1d");
        kernel_bias_ = vector("ssm_conv1d.bias");
        dt_bias_ = vector("ssm_dt.bias");
        a_ = vector("ssm_a");
        d_ = vector("ssm_d");
        norm_ = vector("ssm_norm.weight");
        out_ = matrix("ssm_out");
        memory_.assign(n_inner_, Vector(n_state_, 0.0));
    }
    past_.assign(kernel_[0].size() - 1, Vector(kernel_.size(), 0.0));
}

std::vector<double> ReferenceRecurrence::step(const Vector& x) {
    if (memory_.empty()) return short_convolution(x);
    return d_.empty() ? delta_net(x) : mamba2(x);
}

/// Of each channel by itself. The inputs become the past.
ReferenceRecurrence::Vector ReferenceRecurrence::convolved(const Vector& x) {
    past_.push_back(x);
    Vector y(x.size(), 0.0);
    for (std::size_t channel = 0; channel < y.size(); ++channel) {
        for (std::size_t tap = 0; tap < past_.size(); ++tap)
            y[channel] += kernel_[channel][tap] * past_[tap][channel];
    }
    past_.erase(past_.begin());
    return plus(y, kernel_bias_);
}

ReferenceRecurrence::Vector ReferenceRecurrence::short_convolution(const Vector& x) {
    const Vector parts = times(in_, x);
    const std::size_t n = x.size();
    Vector gated = part(parts, 0, n);
    for (std::size_t i = 0; i < n; ++i) gated[i] *= parts[2 * n + i];
    Vector y = convolved(gated);
    for (std::size_t i = 0; i < n; ++i) y[i] *= parts[n + i];
    return times(out_, y);
}

/// The norm of each part that is as long as the weight, or of groups that share n_inner.
ReferenceRecurrence::Vector ReferenceRecurrence::normed(const Vector& x,
                                                        const Vector& weight) const {
    Vector y;
    const std::size_t n = weight.size() == x.size() ? x.size() / n_group_ : weight.size();
    for (std::size_t first = 0; first < x.size(); first += n) {
        const Vector group = part(x, first, n);
        const double root = std::sqrt(dot(group, group) / static_cast<double>(n) + eps_);
        for (std::size_t i = 0; i < n; ++i)
            y.push_back(group[i] / root * weight[weight.size() == x.size() ? first + i : i]);
    }
    return y;
}

ReferenceRecurrence::Vector ReferenceRecurrence::mamba2(const Vector& x) {
    const Vector parts = times(in_, x);
    const std::size_t n_channels = kernel_.size(), size = n_inner_ / n_head_;
    Vector xbc = convolved(part(parts, n_inner_, n_channels));
    for (double& value : xbc) value = silu(value);
    Vector y;
    for (std::size_t i = 0; i < n_inner_; ++i) {
        const std::size_t head = i / size, group = head / (n_head_ / n_group_);
        const double dt = softplus(parts[n_inner_ + n_channels + head] + dt_bias_[head]);
        const Vector b = part(xbc, n_inner_ + group * n_state_, n_state_);
        const Vector c = part(xbc, n_inner_ + (n_group_ + group) * n_state_, n_state_);
        for (std::size_t s = 0; s < n_state_; ++s)
            memory_[i][s] = std::exp(a_[head] * dt) * memory_[i][s] + dt * xbc[i] * b[s];
        y.push_back((dot(memory_[i], c) + d_[head] * xbc[i]) * silu(parts[i]));
    }
    return times(out_, normed(y, norm_));
}

ReferenceRecurrence::Vector ReferenceRecurrence::delta_net(const Vector& x) {
    Vector qkv = convolved(times(in_, x));
    for (double& value : qkv) value = silu(value);
    const Vector z = times(gate_, x), beta = times(beta_, x), alpha = times(alpha_, x);
    const Vector both = times(beta_alpha_, x);
    const std::size_t per_group = n_head_ / n_group_;
    Vector y;
    for (std::size_t head = 0; head < n_head_; ++head) {
        const bool neighbours = !both.empty();
        const std::size_t group = neighbours ? head / per_group : head % n_group_;
        const std::size_t at = group * 2 * per_group + head % per_group;
        const double rate = sigmoid(neighbours ? both[at] : beta[head]);
        const double step = neighbours ? both[at + per_group] : alpha[head];
        const double decay = std::exp(a_[head] * softplus(step + dt_bias_[head]));
        const Vector q = unit(part(qkv, group * n_state_, n_state_), eps_);
        const Vector k = unit(part(qkv, (n_group_ + group) * n_state_, n_state_), eps_);
        for (std::size_t i = head * n_state_; i < (head + 1) * n_state_; ++i) {
            Vector& row = memory_[i];
            for (double& value : row) value *= decay;
            const double error = qkv[2 * n_group_ * n_state_ + i] - dot(row, k);
            for (std::size_t s = 0; s < n_state_; ++s) row[s] += rate * error * k[s];
            y.push_back(dot(row, q) / std::sqrt(static_cast<double>(n_state_)));
        }
    }
    y = normed(y, norm_);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= silu(z[i]);
    return times(out_, y);
}

}  // namespace infinipot
