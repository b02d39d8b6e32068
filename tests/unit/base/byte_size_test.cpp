#include "base/byte_size.h"

#include <gtest/gtest.h>

#include <optional>

namespace infinipot {
namespace {

using Bytes = std::optional<std::size_t>;

TEST(ParseByteSize, Reads_plain_bytes) {
    EXPECT_EQ(parse_byte_size("0"), Bytes(0));
    EXPECT_EQ(parse_byte_size("1048576"), Bytes(1048576));
    EXPECT_EQ(parse_byte_size("512 B"), Bytes(512));
    EXPECT_EQ(parse_byte_size("18446744073709551615"), Bytes(18446744073709551615ull));
}

TEST(ParseByteSize, Reads_powers_of_1024_and_of_1000) {
    EXPECT_EQ(parse_byte_size("512 KiB"), Bytes(512 * 1024));
    EXPECT_EQ(parse_byte_size("64MiB"), Bytes(64u << 20));
    EXPECT_EQ(parse_byte_size("3G"), Bytes(3ull << 30));
    EXPECT_EQ(parse_byte_size("1TiB"), Bytes(1ull << 40));
    EXPECT_EQ(parse_byte_size("2kB"), Bytes(2000));
    EXPECT_EQ(parse_byte_size("2GB"), Bytes(2'000'000'000));
}

TEST(ParseByteSize, Reads_fractions_and_rounds_down) {
    EXPECT_EQ(parse_byte_size("1.5GiB"), Bytes(3ull << 29));
    EXPECT_EQ(parse_byte_size("0.1GB"), Bytes(100'000'000));
    EXPECT_EQ(parse_byte_size("1.9 B"), Bytes(1));
    EXPECT_EQ(parse_byte_size("0.3333333333333333333333333333KiB"), Bytes(341));
    EXPECT_EQ(parse_byte_size("0.9999999999999999999999999999KiB"), Bytes(1023));
}

TEST(ParseByteSize, Ignores_case_and_surrounding_spaces) {
    EXPECT_EQ(parse_byte_size("  64mib "), Bytes(64u << 20));
    EXPECT_EQ(parse_byte_size("64MIB"), Bytes(64u << 20));
}

TEST(ParseByteSize, Refuses_text_that_is_not_an_amount) {
    for (const char* const text : {"", " ", "MiB", "-1", "+1", "1.", ".5GiB", "1e6", "64 Mi B",
                                   "64XB", "0x10", "1.5.5MiB", "64MiB free", "NaN", "1,5GiB"}) {
        EXPECT_EQ(parse_byte_size(text), std::nullopt) << text;
    }
}

TEST(ParseByteSize, Refuses_amounts_beyond_64_bits) {
    EXPECT_EQ(parse_byte_size("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_byte_size("99999999999999999999999999"), std::nullopt);
    EXPECT_EQ(parse_byte_size("16777216TiB"), std::nullopt);
    EXPECT_TRUE(parse_byte_size("16777215.9TiB"));
}

TEST(FormatByteSize, Shows_one_digit_behind_the_point) {
    EXPECT_EQ(format_byte_size(0), "0 B");
    EXPECT_EQ(format_byte_size(1023), "1023 B");
    EXPECT_EQ(format_byte_size(1024), "1.0 KiB");
    EXPECT_EQ(format_byte_size(66u << 20), "66.0 MiB");
    EXPECT_EQ(format_byte_size((3ull << 30) / 2), "1.5 GiB");
    EXPECT_EQ(format_byte_size(18446744073709551615ull), "16.0 EiB");
}

TEST(FormatByteSize, Uses_the_next_unit_instead_of_1024) {
    EXPECT_EQ(format_byte_size((1u << 20) - 1), "1.0 MiB");
    EXPECT_EQ(format_byte_size((1u << 20) - 52), "1023.9 KiB");
}

}  // namespace
}  // namespace infinipot
