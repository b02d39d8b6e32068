#include "base/state_archive.h"

#include <gtest/gtest.h>

#include "infinipot/error.h"

namespace infinipot {
namespace {

struct Members {
    bool flag = false;
    int count = 0;
    std::string name;
    std::vector<float> numbers;

    void serialize(StateArchive& archive) {
        archive.value(flag);
        archive.number(count, 0, 100);
        archive.text(name, 16);
        archive.list(numbers, 4);
    }

    bool operator==(const Members&) const = default;
};

std::vector<std::byte> written(Members members) {
    StateArchive archive;
    members.serialize(archive);
    return {archive.written().begin(), archive.written().end()};
}

void expect_refused(const std::vector<std::byte>& bytes) {
    try {
        StateArchive archive(bytes);
        Members members;
        members.serialize(archive);
        archive.end();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_snapshot);
    }
}

TEST(StateArchive, Reads_what_it_wrote) {
    const Members members{true, 7, "pot", {1.5f, -2.0f}};
    const std::vector<std::byte> bytes = written(members);
    StateArchive archive(bytes);
    Members read;
    read.serialize(archive);
    archive.end();
    EXPECT_EQ(read, members);
}

TEST(StateArchive, Refuses_data_that_is_cut_off_anywhere_or_too_long) {
    std::vector<std::byte> bytes = written({true, 7, "pot", {1.5f, -2.0f}});
    for (std::size_t n = 0; n < bytes.size(); ++n)
        expect_refused({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)});
    bytes.push_back(std::byte{0});
    expect_refused(bytes);
}

TEST(StateArchive, Refuses_values_out_of_their_bounds) {
    expect_refused(written({true, 101, "pot", {}}));
    expect_refused(written({true, -1, "pot", {}}));
    expect_refused(written({true, 1, "a name of more than sixteen", {}}));
    expect_refused(written({true, 1, "pot", {1, 2, 3, 4, 5}}));
    std::vector<std::byte> odd = written({true, 1, "pot", {}});
    odd[0] = std::byte{2};
    expect_refused(odd);
}

TEST(StateArchive, Refuses_a_length_beyond_the_data_before_it_allocates) {
    std::vector<std::byte> bytes = written({true, 1, "", {}});
    bytes[5 + 7] = std::byte{0x7F};  // the highest byte of the name's length
    expect_refused(bytes);
}

}  // namespace
}  // namespace infinipot
