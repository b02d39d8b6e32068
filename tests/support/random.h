#pragma once

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
        for (float& value : values) value = mean + deviation * normal();
        return values;
    }

   private:
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
