#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace infinipot {

/// Random values, the same on every machine: std::normal_distribution may differ between libraries.
class Random {
   public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}

    std::vector<float> normal(std::int64_t n, float mean, float deviation) {
        std::vector<float> values(static_cast<std::size_t>(n));
        const std::size_t n_drawn = std::min(values.size(), most_drawn);
        for (std::size_t i = 0; i < n_drawn; ++i) values[i] = mean + deviation * normal();
        for (std::size_t i = n_drawn; i < values.size(); ++i) values[i] = values[i - n_drawn];
        return values;
    }

   private:
    static constexpr std::size_t most_drawn = 1 << 24;  // numbers of a tensor, which then repeat

    /// Box and Muller's method.
    float normal() {
        constexpr double two_pi = 6.283185307179586;
        const double radius = std::sqrt(-2.0 * std::log(uniform()));
        return static_cast<float>(radius * std::cos(two_pi * uniform()));
    }
    double uniform() { return (static_cast<double>(engine_()) + 1.0) / 4294967297.0; }

    std::mt19937 engine_;
};

}  // namespace infinipot
