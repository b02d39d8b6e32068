#include "base/verified_files.h"

#include <chrono>

namespace infinipot {

namespace {

/// Returns whether a file changed so long ago that another change would show in its times, which
/// tick in steps of some milliseconds.
bool has_settled(const FileState& file) {
    using namespace std::chrono;
    constexpr nanoseconds tick = 1s;
    return nanoseconds(file.changed) + tick < system_clock::now().time_since_epoch();
}

}  // namespace

bool VerifiedFiles::contains(const FileState& file) const {
    const std::lock_guard lock(mutex_);
    return files_.contains(file);
}

void VerifiedFiles::insert(const FileState& file) {
    if (!has_settled(file)) return;
    const std::lock_guard lock(mutex_);
    if (files_.size() >= most) files_.clear();
    files_.insert(file);
}

}  // namespace infinipot
