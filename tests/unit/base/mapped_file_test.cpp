#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

std::string_view text_of(const MappedFile& file) {
    return {reinterpret_cast<const char*>(file.data()), file.size()};
}

/// The sentence with which opening `path` fails.
std::string failure(const std::filesystem::path& path) {
    try {
        MappedFile::open(path);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_error);
        return error.what();
    }
    ADD_FAILURE() << path << " was opened";
    return {};
}

TEST(MappedFile, Shows_the_bytes_of_the_file) {
    const TempDir folder;
    const auto path = folder.write("a.bin", std::string_view("one\0two", 7));
    const MappedFile file = MappedFile::open(path);
    EXPECT_EQ(text_of(file), std::string_view("one\0two", 7));
    EXPECT_EQ(file.bytes().size(), 7u);
    EXPECT_EQ(file.path(), path);
}

TEST(MappedFile, Views_survive_a_move_of_the_mapping) {
    const TempDir folder;
    MappedFile first = MappedFile::open(folder.write("a.bin", "first"));
    const std::byte* const data = first.data();
    MappedFile second = std::move(first);
    EXPECT_EQ(second.data(), data);
    MappedFile third = MappedFile::open(folder.write("b.bin", "third"));
    third = std::move(second);
    EXPECT_EQ(text_of(third), "first");
}

TEST(MappedFile, Outlives_the_name_of_the_file) {
    const TempDir folder;
    const MappedFile file = MappedFile::open(folder.write("a.bin", "still here"));
    std::filesystem::remove(file.path());
    EXPECT_EQ(text_of(file), "still here");
}

TEST(MappedFile, Dropped_ranges_read_the_same_again) {
    const TempDir folder;
    const std::string text(100'000, 'x');
    const MappedFile file = MappedFile::open(folder.write("a.bin", text));
    file.drop(0, file.size());
    file.drop(5000, 50'000);
    file.drop(1, 10);
    EXPECT_EQ(text_of(file), text);
}

TEST(MappedFile, Dropping_a_range_behind_the_end_does_nothing) {
    const TempDir folder;
    const MappedFile file = MappedFile::open(folder.write("a.bin", "short"));
    file.drop(5, 10);
    file.drop(static_cast<std::size_t>(-1), static_cast<std::size_t>(-1));
    file.drop(2, static_cast<std::size_t>(-1));
    EXPECT_EQ(text_of(file), "short");
}

TEST(MappedFile, Names_a_missing_file) {
    const TempDir folder;
    const std::string sentence = failure(folder / "missing.gguf");
    EXPECT_NE(sentence.find("missing.gguf"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("no such file"), std::string::npos) << sentence;
}

TEST(MappedFile, Refuses_a_folder) {
    const TempDir folder;
    EXPECT_NE(failure(folder.path()).find("is a folder"), std::string::npos);
}

TEST(MappedFile, Refuses_an_empty_file) {
    const TempDir folder;
    EXPECT_NE(failure(folder.write("a.bin", "")).find("is empty"), std::string::npos);
}

TEST(MappedFile, Refuses_an_empty_name) {
    EXPECT_NE(failure("").find("name of the file"), std::string::npos);
}

TEST(MappedFile, Refuses_a_pipe_without_waiting_for_it) {
    const TempDir folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_NE(failure(folder / "pipe").find("not a regular file"), std::string::npos);
}

TEST(MappedFile, Refuses_a_file_that_may_not_be_read) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const TempDir folder;
    const auto path = folder.write("a.bin", "secret");
    std::filesystem::permissions(path, std::filesystem::perms::none);
    EXPECT_NE(failure(path).find("permission denied"), std::string::npos);
}

}  // namespace
}  // namespace infinipot
