#include "base/verified_files.h"

#include <gtest/gtest.h>

#include <chrono>

namespace infinipot {
namespace {

FileState changed_before(std::chrono::nanoseconds age) {
    const auto changed = std::chrono::system_clock::now().time_since_epoch() - age;
    return {.device = 1,
            .file = 2,
            .size = 3,
            .written = 4,
            .changed = std::chrono::nanoseconds(changed).count()};
}

TEST(VerifiedFiles, Remembers_a_file_until_it_changes) {
    VerifiedFiles verified;
    const FileState file = changed_before(std::chrono::seconds(60));
    EXPECT_FALSE(verified.contains(file));
    verified.insert(file);
    EXPECT_TRUE(verified.contains(file));
    for (std::uint64_t FileState::*member :
         {&FileState::device, &FileState::file, &FileState::size}) {
        FileState other = file;
        ++(other.*member);
        EXPECT_FALSE(verified.contains(other));
    }
    for (std::int64_t FileState::*member : {&FileState::written, &FileState::changed}) {
        FileState other = file;
        ++(other.*member);
        EXPECT_FALSE(verified.contains(other));
    }
}

TEST(VerifiedFiles, Does_not_remember_a_file_that_changed_just_now) {
    VerifiedFiles verified;
    const FileState file = changed_before(std::chrono::milliseconds(10));
    verified.insert(file);
    EXPECT_FALSE(verified.contains(file));
}

}  // namespace
}  // namespace infinipot
