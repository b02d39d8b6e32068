#include "eval/run/reading_pace.h"

#include <algorithm>

#include "eval/run/quantity.h"

namespace infinipot::eval {
namespace {

constexpr double seconds_to_trust_speed = 2;  // before that the remaining time is too uncertain

}  // namespace

std::optional<double> ReadingPace::share(const Progress& progress) const {
    if (!total_bytes_ || *total_bytes_ == 0) return std::nullopt;
    return std::min(static_cast<double>(progress.bytes_read) / static_cast<double>(*total_bytes_),
                    1.0);
}

double ReadingPace::tokens_since(const Progress& progress) const {
    return static_cast<double>(std::max(progress.tokens_read, tokens_before_) - tokens_before_);
}

std::optional<double> ReadingPace::seconds_left(const Progress& progress, double seconds) const {
    const std::optional<double> read = share(progress);
    const double n_new = tokens_since(progress);
    if (!read || *read == 0 || n_new == 0) return std::nullopt;
    const double n_left = static_cast<double>(progress.tokens_read) * (1 - *read) / *read;
    return n_left * seconds / n_new;
}

std::string ReadingPace::bar(const Progress& progress, std::size_t width) const {
    const std::optional<double> read = share(progress);
    if (!read) return "";
    const auto n_full = static_cast<std::size_t>(*read * static_cast<double>(width));
    return "[" + std::string(n_full, '#') + std::string(width - n_full, '.') + "] ";
}

std::string ReadingPace::facts(const Progress& progress, double seconds) const {
    const std::optional<double> read = share(progress);
    std::string text;
    if (read) text += std::to_string(static_cast<int>(*read * 100)) + " %, ";
    text += count_text(progress.tokens_read, "token") + ", " +
            rate_text(tokens_since(progress), seconds) + ", " +
            count_text(progress.distillations, "distillation");
    const std::optional<double> left = seconds_left(progress, seconds);
    if (left && seconds > seconds_to_trust_speed) text += ", " + seconds_text(*left) + " left";
    return text;
}

}  // namespace infinipot::eval
