#include "models/pull/pace.h"

#include <algorithm>

#include "base/byte_size.h"
#include "eval/run/quantity.h"

namespace infinipot::models {
namespace {

constexpr double seconds_to_trust_speed = 1;

}  // namespace

std::optional<double> DownloadPace::share(std::uint64_t done) const {
    if (total_ == 0) return std::nullopt;
    return std::min(static_cast<double>(done) / static_cast<double>(total_), 1.0);
}

std::string DownloadPace::bar(std::uint64_t done, std::size_t width) const {
    const auto done_share = share(done);
    if (!done_share) return {};
    const auto n_full = static_cast<std::size_t>(*done_share * static_cast<double>(width));
    return "[" + std::string(n_full, '#') + std::string(width - n_full, '.') + "] ";
}

std::string DownloadPace::facts(std::uint64_t done, double seconds) const {
    std::string text;
    if (const auto done_share = share(done))
        text = std::to_string(static_cast<int>(*done_share * 100)) + " %, " +
               format_byte_size(done) + " of " + format_byte_size(total_);
    else
        text = format_byte_size(done);
    const std::uint64_t arrived = done - std::min(before_, done);
    if (seconds < seconds_to_trust_speed || arrived == 0) return text;
    const double rate = static_cast<double>(arrived) / seconds;
    text += ", " + format_byte_size(static_cast<std::uint64_t>(rate)) + "/s";
    if (total_ > done)
        text += ", " + eval::seconds_text(static_cast<double>(total_ - done) / rate) + " left";
    return text;
}

}  // namespace infinipot::models
