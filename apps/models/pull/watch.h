#pragma once

#include <cstdint>
#include <string>

namespace infinipot::models {

/// Whoever waits for a download. All calls come from the thread that downloads.
class PullWatch {
   public:
    virtual ~PullWatch() = default;

    /// A line about what happens now.
    virtual void tell(const std::string& line) = 0;

    /// Bytes that are here, of all parts; `total` is 0 if it is unknown. Bytes of an earlier
    /// download count from the first call on.
    virtual void progress(std::uint64_t done, std::uint64_t total) = 0;

    /// Called at least five times a second. An exception ends the download, and
    /// what is here stays for the next one.
    virtual void check() = 0;
};

}  // namespace infinipot::models
