#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/run/fingerprint.h"

namespace infinipot::eval {

/// Random draws that follow from a name, with every compiler and standard library the same ones:
/// the numbers are those of the Mersenne Twister, and what is made of them is written here, since
/// std::uniform_int_distribution and std::shuffle differ from library to library.
class Random {
   public:
    explicit Random(std::string_view name) : engine_(hash(name)) {}

    std::uint64_t bits() { return engine_(); }

    /// A whole number from 0 to n - 1, each as likely as the others; n is at least 1.
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

    /// `k` different numbers from 0 to n - 1, in any order; k is at most n.
    std::vector<std::size_t> distinct(std::size_t n, std::size_t k);

   private:
    std::mt19937_64 engine_;
};

}  // namespace infinipot::eval
