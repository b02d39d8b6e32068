#include "terminal/download_host.h"

#include <cstddef>
#include <cstdio>

namespace infinipot::cli {
namespace {

constexpr std::size_t bar_width = 12;

}  // namespace

void DownloadHost::tell(const std::string& line) {
    line_.clear();
    if (!quiet_) std::fprintf(stderr, "%s\n", line.c_str());
}

void DownloadHost::progress(std::uint64_t done, std::uint64_t total) {
    if (!pace_) {
        pace_.emplace(done, total);
        start_ = Clock::now();
        line_.start();
    }
    if (!line_.due()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const std::string facts = pace_->facts(done, seconds);
    line_.show(line_.is_on_terminal() ? pace_->bar(done, bar_width) + facts : "loading: " + facts);
}

}  // namespace infinipot::cli
