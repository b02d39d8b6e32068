#include "models/stores/gguf_files.h"

#include <gtest/gtest.h>

namespace infinipot::models {
namespace {

TEST(GgufName, Has_stem_type_and_part) {
    const auto whole = parse_gguf_name("Qwen2.5-1.5B-Instruct-q4_k_m.gguf");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->stem, "Qwen2.5-1.5B-Instruct-q4_k_m");
    EXPECT_EQ(whole->type, "Q4_K_M");
    EXPECT_EQ(whole->n_parts, 1);
    const auto part = parse_gguf_name("UD/Big.BF16-00002-of-00013.gguf");
    ASSERT_TRUE(part);
    EXPECT_EQ(part->stem, "UD/Big.BF16");
    EXPECT_EQ(part->type, "BF16");
    EXPECT_EQ(part->part, 2);
    EXPECT_EQ(part->n_parts, 13);
    EXPECT_EQ(part_name(*part, 13), "UD/Big.BF16-00013-of-00013.gguf");
    EXPECT_EQ(part_name(*whole, 1), "Qwen2.5-1.5B-Instruct-q4_k_m.gguf");
}

TEST(GgufName, Has_no_type_in_a_name_of_one_word) {
    EXPECT_EQ(parse_gguf_name("tinyllama.gguf")->type, "");
    EXPECT_EQ(parse_gguf_name("a-b/tinyllama.gguf")->type, "");
}

TEST(GgufName, Is_none_of_other_files_and_of_companions_of_a_model) {
    for (const char* name : {"model.bin", "gguf", ".gguf", "mmproj-F16.gguf", "a/x-imatrix.gguf",
                             "mtp-model.gguf", "model.gguf.part"})
        EXPECT_FALSE(parse_gguf_name(name)) << name;
    EXPECT_TRUE(parse_gguf_name("mmproj/model.gguf"));
}

}  // namespace
}  // namespace infinipot::models
