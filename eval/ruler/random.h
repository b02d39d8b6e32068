#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/run/fingerprint.h"

namespace infinipot::eval {

/// Random draws that a name decides. They are the same with every compiler and standard library.
/// The generator is the Mersenne Twister. The distributions are written here, because those of
/// std::uniform_int_distribution and std::shuffle differ between libraries.
class Random {
   public:
    explicit Random(std::string_view name) : engine_(hash(name)) {}

    std::uint64_t bits() { return engine_(); }

    /// Returns a whole number from 0 to n - 1, all equally likely; n is at least 1.
    std::uint64_t below(std::uint64_t n) {
        const std::uint64_t whole = engine_.max() - engine_.max() % n;  // a multiple of n
        std::uint64_t drawn = bits();
        while (drawn >= whole) drawn = bits();
        return drawn % n;
    }

    template <typename T>
    const T& one_of(const std::vector<T>& list) {
        return list[below(list.size())];
    }

    template <typename T>
    void shuffle(std::vector<T>& list) {
        for (std::size_t n = list.size(); n > 1; --n) std::swap(list[n - 1], list[below(n)]);
    }

    /// Returns `k` different numbers from 0 to n - 1, in any order; k is at most n.
    std::vector<std::size_t> distinct(std::size_t n, std::size_t k);

   private:
    std::mt19937_64 engine_;
};

}  // namespace infinipot::eval
