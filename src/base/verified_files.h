#pragma once

#include <mutex>
#include <set>

#include "base/page_memory.h"

namespace infinipot {

/// Remembers the files whose checksums were right, so that a file which is opened again and again
/// is compared once. A file that has been written since then counts as another one. Any thread may
/// use it.
class VerifiedFiles {
   public:
    bool contains(const FileState& file) const;

    /// Does nothing if the file changed less than a second ago: it might change again unnoticed.
    void insert(const FileState& file);

   private:
    static constexpr std::size_t most = 4096;  // then it forgets all of them

    mutable std::mutex mutex_;
    std::set<FileState> files_;
};

}  // namespace infinipot
