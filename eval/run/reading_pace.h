#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "infinipot/session.h"

namespace infinipot::eval {

/// How far a reading has come, how fast it is, and how long it will take.
class ReadingPace {
   public:
    /// @param total_bytes bytes that the session will have read at the end; nothing: unknown
    /// @param tokens_before tokens that the session had read before, which do not count for the
    /// speed
    explicit ReadingPace(std::optional<std::uint64_t> total_bytes, std::uint64_t tokens_before = 0)
        : total_bytes_(total_bytes), tokens_before_(tokens_before) {}

    /// Returns the share of the bytes that was read, 0 to 1; nothing if the total is unknown or 0.
    std::optional<double> share(const Progress& progress) const;

    /// Returns the seconds that the rest will take, if it is read as fast as the tokens of the
    /// last `seconds`. Returns nothing if the total is unknown or nothing has been read since.
    std::optional<double> seconds_left(const Progress& progress, double seconds) const;

    /// Returns a bar such as "[####....] " of `width` characters between the brackets; an empty
    /// string if the total is unknown.
    std::string bar(const Progress& progress, std::size_t width) const;

    /// Returns "43 %, 1,234 tokens, 183 tokens/s, 5 distillations, 3:05 left" without what is
    /// unknown. The time left is unknown in the first two seconds.
    std::string facts(const Progress& progress, double seconds) const;

   private:
    double tokens_since(const Progress& progress) const;

    std::optional<std::uint64_t> total_bytes_;
    std::uint64_t tokens_before_;
};

}  // namespace infinipot::eval
