#include "text/character_set.h"

#include <gtest/gtest.h>

namespace infinipot {
namespace {

TEST(CharacterSet, Has_the_characters_of_its_ranges) {
    const CharacterSet set({{'x', 'z'}, {'a', 'f'}, {'c', 'h'}, {'9', '0'}}, false);
    for (const char32_t c : {U'a', U'c', U'g', U'h', U'x', U'z'})
        EXPECT_TRUE(set.intersects({c, c})) << static_cast<int>(c);
    for (const char32_t c : {U'0', U'5', U'9', U'i', U'w', U'{'})
        EXPECT_FALSE(set.intersects({c, c})) << static_cast<int>(c);
    EXPECT_TRUE(set.intersects({'i', 'x'}));
    EXPECT_FALSE(set.intersects({'i', 'w'}));
}

TEST(CharacterSet, Has_all_other_characters_if_it_is_negated) {
    const CharacterSet set({{0x10000, 0xFFFFFFFF}, {'b', 'c'}, {'c', 'e'}}, true);
    EXPECT_TRUE(set.intersects({0, 0}) && set.intersects({'a', 'a'}) && set.intersects({'f', 'f'}));
    EXPECT_TRUE(set.intersects({0xFFFF, 0xFFFF}));
    EXPECT_FALSE(set.intersects({'b', 'e'}));
    EXPECT_FALSE(set.intersects({0x10000, 0x10FFFF}));
    EXPECT_TRUE(CharacterSet({}, true).intersects({0x10FFFF, 0x10FFFF}));
    EXPECT_FALSE(CharacterSet({}, false).intersects({0, 0x10FFFF}));
}

}  // namespace
}  // namespace infinipot
