#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

namespace fs = std::filesystem;

class AtomicFile : public testing::Test {
   protected:
    void write(const std::string& text, OlderFile older = OlderFile::is_replaced) const {
        write_atomically(
            path_, [&](const PageFile& file) { file.write(std::as_bytes(std::span(text)), 0); },
            older);
    }

    std::string contents() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::ptrdiff_t n_files() const {
        return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
    }

    TempDir folder_;
    fs::path path_ = folder_.path() / "a.pot";
};

TEST_F(AtomicFile, Takes_the_place_of_an_older_one) {
    write("old");
    write("new");
    EXPECT_EQ(contents(), "new");
    EXPECT_EQ(n_files(), 1);
}

TEST_F(AtomicFile, Takes_no_place_if_the_older_one_stays) {
    write("old", OlderFile::stays);
    EXPECT_THROW(write("new", OlderFile::stays), Error);
    EXPECT_EQ(contents(), "old");
    EXPECT_EQ(n_files(), 1);
    fs::remove(path_);
    fs::create_symlink("nowhere", path_);
    EXPECT_THROW(write("new", OlderFile::stays), Error);
    EXPECT_TRUE(fs::is_symlink(path_));
}

TEST_F(AtomicFile, Can_be_a_copy) {
    const std::string text(3'000'000, 'x');
    write(text);
    const PageFile source = PageFile::open(path_);
    const fs::path path = folder_ / "copy.pot";
    write_atomically(path, [&](const PageFile& file) { file.copy(source); });
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(file), {}) == text);
}

TEST_F(AtomicFile, Cannot_be_read_by_others) {
    write("secret");
    struct stat status = {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(AtomicFile, Leaves_the_old_one_and_nothing_else_if_writing_fails) {
    write("old");
    const auto fail = [](const PageFile&) {
        throw Error(ErrorCode::file_error, "the disk is full");
    };
    EXPECT_THROW(write_atomically(path_, fail), Error);
    EXPECT_EQ(contents(), "old");
    EXPECT_EQ(n_files(), 1);
}

TEST_F(AtomicFile, Removes_what_killed_processes_left_and_nothing_else) {
    const fs::path left = folder_.write("a.pot.unfinished-ABCdef", "half");
    const fs::path users = folder_.write("a.pot.backup", "a copy");
    const fs::path others = folder_.write("b.a.pot.unfinished-ABCdef", "half of another");
    write("new");
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(fs::exists(users));
    EXPECT_TRUE(fs::exists(others));
}

TEST_F(AtomicFile, May_be_written_by_two_at_a_time) {
    write_atomically(path_, [&](const PageFile& file) {
        write("second");
        file.write(std::as_bytes(std::span("first", 5)), 0);
    });
    EXPECT_EQ(contents(), "first");
    EXPECT_EQ(n_files(), 1);
}

TEST_F(AtomicFile, Is_refused_where_a_folder_is) {
    fs::create_directory(path_);
    EXPECT_THROW(write("text"), Error);
    EXPECT_EQ(n_files(), 1);
}

}  // namespace
}  // namespace infinipot
