#include "models/sha256.h"

#include <gtest/gtest.h>

#include <span>
#include <string_view>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::models {
namespace {

std::string hash_of_parts(std::string_view text, std::size_t part) {
    Sha256 hash;
    for (std::size_t i = 0; i < text.size(); i += part)
        hash.add(std::as_bytes(std::span(text.substr(i, part))));
    return hash.hex();
}

// The examples of FIPS 180-4.
TEST(Sha256, Equals_the_published_examples) {
    EXPECT_EQ(hash_of_parts("", 1),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash_of_parts("abc", 3),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const std::string_view two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (const std::size_t part : {1, 7, 56})
        EXPECT_EQ(hash_of_parts(two_blocks, part),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, Of_a_file_reads_all_of_it) {
    const TempDir folder;
    const auto file = folder.write("a", std::string(3'000'000, 'a'));
    std::size_t n = 0;
    const std::string hash = sha256_of(file, [&](std::size_t bytes) { n += bytes; });
    EXPECT_EQ(hash, hash_of_parts(std::string(3'000'000, 'a'), 1000));
    EXPECT_EQ(n, 3'000'000U);
    EXPECT_THROW(sha256_of(folder / "b"), Error);
}

}  // namespace
}  // namespace infinipot::models
