#include "cache/mean_rotation.h"

#include <span>

namespace infinipot {

MeanRotation::MeanRotation(const RotationTable& table, int first, int n)
    : table_(table),
      cosines_(static_cast<std::size_t>(table.n_rot()), 0.0f),
      sines_(cosines_.size(), 0.0f) {
    const auto add = [n](std::span<const float> values, std::vector<float>& means) {
        for (std::size_t i = 0; i < means.size(); ++i)
            means[i] += values[i] / static_cast<float>(n);
    };
    for (int p = first; p < first + n; ++p) {
        add(table.cosines(p), cosines_);
        add(table.sines(p), sines_);
    }
}

void MeanRotation::apply(float* at, std::size_t stride) const {
    for (int pair = 0; pair < table_.n_rot() / 2; ++pair) {
        const auto [i, j] = table_.pair(pair);
        float& a = at[i * stride];
        float& b = at[j * stride];
        const float turned = a * cosines_[i] + b * sines_[i];
        b = a * sines_[j] + b * cosines_[j];
        a = turned;
    }
}

}  // namespace infinipot
