#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <fstream>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INFINIPOT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define INFINIPOT_SANITIZED 1
#endif
#endif

namespace infinipot {

/// Lets the process grow by no more than `bytes` from here, for as long as this lives. Sanitizers
/// reserve terabytes, so under them it does nothing.
class MemoryLimit {
   public:
    explicit MemoryLimit(std::size_t bytes) {
        ::getrlimit(RLIMIT_AS, &before_);
#ifndef INFINIPOT_SANITIZED
        std::size_t n_pages = 0;
        std::ifstream("/proc/self/statm") >> n_pages;
        rlimit limit = before_;
        limit.rlim_cur = n_pages * 4096 + bytes;
        if (n_pages > 0) ::setrlimit(RLIMIT_AS, &limit);
#else
        static_cast<void>(bytes);
#endif
    }
    ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }
    MemoryLimit(const MemoryLimit&) = delete;
    MemoryLimit& operator=(const MemoryLimit&) = delete;

   private:
    rlimit before_ = {};
};

}  // namespace infinipot
