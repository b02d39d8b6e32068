#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace infinipot::models {

/// The share, the speed and the time left of a download. Bytes that were here
/// before do not count for the speed.
class DownloadPace {
   public:
    /// @param before bytes that are here already
    /// @param total bytes of the whole; 0: unknown
    DownloadPace(std::uint64_t before, std::uint64_t total) : before_(before), total_(total) {}

    /// Returns "[####....] " with `width` characters between the brackets; an empty string if the
    /// total is unknown.
    std::string bar(std::uint64_t done, std::size_t width) const;

    /// Returns "43 %, 103.8 MiB of 241.4 MiB, 25.0 MiB/s, 5.50 s left", `seconds` after the
    /// beginning, without what is unknown.
    std::string facts(std::uint64_t done, double seconds) const;

   private:
    std::optional<double> share(std::uint64_t done) const;  ///< 0 to 1

    std::uint64_t before_;
    std::uint64_t total_;
};

}  // namespace infinipot::models
