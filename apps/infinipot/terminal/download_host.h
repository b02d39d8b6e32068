#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "models/pull/pace.h"
#include "models/pull/watch.h"
#include "terminal/interrupt.h"
#include "terminal/status_line.h"

namespace infinipot::cli {

/// A download's watch on a terminal: its progress and lines on standard error. Ctrl-C ends the
/// download if an InterruptGuard lives.
class DownloadHost final : public models::PullWatch {
   public:
    /// @param quiet shows nothing
    explicit DownloadHost(bool quiet) : quiet_(quiet), line_(quiet) {}

    void tell(const std::string& line) override;
    void progress(std::uint64_t done, std::uint64_t total) override;
    void check() override { check_interrupted(); }

   private:
    using Clock = std::chrono::steady_clock;

    bool quiet_;
    StatusLine line_;
    std::optional<models::DownloadPace> pace_;
    Clock::time_point start_ = Clock::now();
};

}  // namespace infinipot::cli
