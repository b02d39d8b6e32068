#include "gguf/file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "infinipot/error.h"
#include "support/gguf_arrays.h"
#include "support/gguf_writer.h"
#include "support/raw_gguf.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

// Numbers of types in the file.
constexpr std::uint32_t u8 = 0, i8 = 1, u16 = 2, i16 = 3, u32 = 4, i32 = 5, f32 = 6, boolean = 7,
                        string = 8, array = 9, u64 = 10, i64 = 11, f64 = 12;

GgufFile open(std::string_view bytes) {
    const TempDir folder;
    return GgufFile::open(folder.write("test.gguf", bytes));
}
GgufFile open(const RawGguf& file) { return open(file.bytes()); }

/// Expects that `file` is refused with `code` and with a sentence that says `what`.
void expect_refused(std::string_view file, ErrorCode code, std::string_view what) {
    try {
        open(file);
        ADD_FAILURE() << "accepted, expected: " << what;
    } catch (const Error& error) {
        const std::string sentence = error.what();
        EXPECT_EQ(error.code(), code) << sentence;
        EXPECT_NE(sentence.find(what), std::string::npos) << sentence << "\n  lacks: " << what;
        EXPECT_NE(sentence.find("test.gguf"), std::string::npos) << sentence;
    }
}
void expect_bad(const RawGguf& file, std::string_view what) {
    expect_refused(file.bytes(), ErrorCode::bad_model, what);
}
void expect_unsupported(const RawGguf& file, std::string_view what) {
    expect_refused(file.bytes(), ErrorCode::unsupported_model, what);
}

/// Expects that `read` fails with a sentence that says `what`.
template <typename Read>
void expect_bad_value(Read read, std::string_view what) {
    try {
        read();
        ADD_FAILURE() << "accepted, expected: " << what;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string_view(error.what()).find(what), std::string_view::npos)
            << error.what() << "\n  lacks: " << what;
    }
}

/// A file with one tensor of these properties and 64 bytes of data.
RawGguf one_tensor(const std::vector<std::int64_t>& ne, std::uint32_t type,
                   std::uint64_t offset = 0, std::string_view name = "weight") {
    return RawGguf::head(1, 0).tensor(name, ne, type, offset).pad().zeros(64);
}

TEST(GgufFile, Reads_what_ggml_writes) {
    const TempDir folder;
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    const std::vector<std::string> names = {"a", "", "long enough to be on the heap"};
    GgufWriter writer;
    writer.set("general.architecture", "llama");
    writer.set("flag", true);
    writer.set("count", 7);
    writer.set("epsilon", 0.5f);
    writer.set("names", names);
    writer.set("floats", std::span<const float>(values));
    writer.add("first", GGML_TYPE_F32, {3, 2}, values);
    writer.add("second", GGML_TYPE_F16, {3}, std::span(values).first(3));
    writer.write(folder / "test.gguf");

    const GgufFile file = GgufFile::open(folder / "test.gguf");
    EXPECT_EQ(file.entries().size(), 6u);
    EXPECT_EQ(file.get_string("general.architecture"), "llama");
    EXPECT_EQ(file.find_bool("flag"), true);
    EXPECT_EQ(file.find_u32("count"), 7u);
    EXPECT_EQ(file.get_f32("epsilon"), 0.5f);
    EXPECT_EQ(file.find_strings("names"),
              (std::vector<std::string_view>{"a", "", "long enough to be on the heap"}));
    EXPECT_EQ(array_of<float>(file, "floats"), values);

    ASSERT_EQ(file.tensors().size(), 2u);
    const GgufTensor& first = file.get_tensor("first");
    EXPECT_EQ(first.type, GGML_TYPE_F32);
    EXPECT_EQ(first.n_dims, 2);
    EXPECT_EQ(first.ne, (std::array<std::int64_t, 4>{3, 2, 1, 1}));
    EXPECT_EQ(first.n_bytes, 24u);
    EXPECT_EQ(std::memcmp(first.data, values.data(), first.n_bytes), 0);
    EXPECT_EQ(file.get_tensor("second").n_bytes, 6u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.get_tensor("second").data) % 32, 0u);
}

TEST(GgufFile, Views_survive_a_move) {
    const TempDir folder;
    GgufWriter writer;
    writer.set("name", "survivor");
    writer.add("weight", GGML_TYPE_F32, {1}, std::vector<float>{42});
    writer.write(folder / "test.gguf");
    GgufFile first = GgufFile::open(folder / "test.gguf");
    const std::string_view name = first.get_string("name");
    const std::byte* const data = first.get_tensor("weight").data;
    const GgufFile second = std::move(first);
    EXPECT_EQ(name, "survivor");
    EXPECT_EQ(second.get_string("name").data(), name.data());
    EXPECT_EQ(second.get_tensor("weight").data, data);
}

TEST(GgufFile, Reads_integers_of_every_width) {
    RawGguf raw = RawGguf::head(0, 8);
    raw.key("u8", u8).number(std::uint8_t{200}).key("i8", i8).number(std::int8_t{-5});
    raw.key("u16", u16).number(std::uint16_t{60000}).key("i16", i16).number(std::int16_t{-6});
    raw.key("u32", u32).number(std::uint32_t{4000000000}).key("i32", i32).number(std::int32_t{-7});
    raw.key("u64", u64).number(std::uint64_t{1} << 40).key("i64", i64).number(std::int64_t{-8});
    const GgufFile file = open(raw);
    const auto get = [&](const char* key) {
        return file.get_integer(key, std::numeric_limits<std::int64_t>::min(),
                                std::numeric_limits<std::int64_t>::max());
    };
    EXPECT_EQ(get("u8"), 200);
    EXPECT_EQ(get("i8"), -5);
    EXPECT_EQ(get("u16"), 60000);
    EXPECT_EQ(get("i16"), -6);
    EXPECT_EQ(get("u32"), 4000000000);
    EXPECT_EQ(get("i32"), -7);
    EXPECT_EQ(get("u64"), std::int64_t{1} << 40);
    EXPECT_EQ(get("i64"), -8);
    EXPECT_EQ(file.find_u32("u32"), 4000000000u);
}

TEST(GgufFile, Refuses_integers_out_of_range) {
    RawGguf raw = RawGguf::head(0, 3);
    raw.key("negative", i32).number(std::int32_t{-1});
    raw.key("big", u32).number(std::uint32_t{3000000000});
    raw.key("huge", u64).number(~std::uint64_t{0});
    const GgufFile file = open(raw);
    expect_bad_value([&] { file.find_u32("negative"); }, "key negative holds -1");
    expect_bad_value([&] { file.get_integer("big", 0, 1 << 30); }, "key big holds 3000000000");
    expect_bad_value([&] { file.get_integer("big", 1, 100); }, "from 1 to 100");
    expect_bad_value(
        [&] { file.find_integer("huge", 0, std::numeric_limits<std::int64_t>::max()); },
        "key huge holds a number of 64 bits");
}

TEST(GgufFile, Names_the_key_that_is_missing_or_of_the_wrong_type) {
    RawGguf raw = RawGguf::head(0, 3);
    raw.key("text", string).string("words").key("number", u32).number(std::uint32_t{1});
    raw.array("list", u32, 1).number(std::uint32_t{1});
    const GgufFile file = open(raw);
    expect_bad_value([&] { file.get_string("absent"); }, "key absent is missing");
    expect_bad_value([&] { file.find_u32("text"); },
                     "key text must be a single integer but is a single string");
    expect_bad_value([&] { file.get_string("number"); }, "must be a single string");
    expect_bad_value([&] { file.get_f32("number"); }, "but is a single u32");
    expect_bad_value([&] { file.find_bool("number"); }, "must be a single bool");
    expect_bad_value([&] { file.find_u32("list"); }, "but is an array of type u32");
    expect_bad_value([&] { file.find_strings("list"); }, "must be an array of strings");
    expect_bad_value([&] { file.find_bools("number"); }, "must be an array of bools");
    expect_bad_value([&] { file.get_tensor("w"); }, "has no tensor w");
    EXPECT_FALSE(file.find_u32("absent"));
    EXPECT_EQ(file.find_tensor("w"), nullptr);
}

TEST(GgufFile, Reads_arrays) {
    RawGguf raw = RawGguf::head(0, 5);
    raw.array("integers", i16, 3).number(std::int16_t{1}).number(std::int16_t{-2});
    raw.number(std::int16_t{3}).array("bools", boolean, 2).number(std::uint8_t{1});
    raw.number(std::uint8_t{0}).array("doubles", f64, 1).number(0.25).array("none", string, 0);
    raw.array("words", string, 2).string("one").string("two");
    const GgufFile file = open(raw);
    EXPECT_EQ(array_of<std::int16_t>(file, "integers"), (std::vector<std::int16_t>{1, -2, 3}));
    EXPECT_EQ(file.find_bools("bools"), (std::vector<bool>{true, false}));
    EXPECT_EQ(array_of<double>(file, "doubles"), std::vector<double>{0.25});
    EXPECT_EQ(file.find_strings("none"), std::vector<std::string_view>{});
    EXPECT_EQ(file.find_strings("words"), (std::vector<std::string_view>{"one", "two"}));
}

TEST(GgufFile, Refuses_numbers_that_are_not_finite) {
    RawGguf raw = RawGguf::head(0, 3);
    raw.key("nan", f32).number(std::nanf("")).key("infinite", f32).number(-HUGE_VALF);
    raw.key("too_large", f64).number(1e300);
    const GgufFile file = open(raw);
    for (const char* const key : {"nan", "infinite", "too_large"}) {
        expect_bad_value([&] { file.find_f32(key); }, "not a number");
    }
}

TEST(GgufFile, Accepts_version_2_and_refuses_others) {
    EXPECT_NO_THROW(open(RawGguf::head(0, 0, 2)));
    EXPECT_NO_THROW(open(RawGguf::head(0, 0, 3)));
    expect_unsupported(RawGguf::head(0, 0, 1), "version 1, which is no longer read");
    expect_unsupported(RawGguf::head(0, 0, 4), "version 4, but only versions 2 and 3");
    expect_unsupported(RawGguf::head(0, 0, 0), "version 0");
    expect_unsupported(RawGguf::head(0, 0, 0x03000000), "big-endian");
}

TEST(GgufFile, Recognises_other_kinds_of_files) {
    const auto bad = [](std::string_view bytes, std::string_view what) {
        expect_refused(bytes, ErrorCode::bad_model, what);
    };
    bad("tjgg\3\0\0\0", "older than GGUF");
    bad("lmgg\3\0\0\0", "older than GGUF");
    bad(std::string_view("PK\3\4 archive", 12), "zip archive");
    bad(std::string_view("\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":1}}", 25), "safetensors");
    bad("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
    bad("<!DOCTYPE html><html>", "web page");
    bad("{\"error\": 404}", "is not a GGUF file: it begins with \"{\"er\"");
    bad(std::string_view("\0\0\0\0\0\0", 6), "begins with \"????\"");
}

TEST(GgufFile, Calls_a_cut_off_header_truncated) {
    for (const std::string_view start : {"G", "GGU", "GGUF", "GGUF\3"}) {
        expect_refused(start, ErrorCode::bad_model, "is truncated");
    }
    RawGguf raw = RawGguf::head(0, 1);
    raw.key("general.name", string).number(std::uint64_t{100}).raw("only this");
    expect_bad(raw, "ends inside key general.name");
}

TEST(GgufFile, Rejects_counts_larger_than_the_file) {
    const std::uint64_t huge = ~std::uint64_t{0};
    expect_bad(RawGguf::head(0, huge), "claims 18446744073709551615 keys");
    expect_bad(RawGguf::head(huge, 0), "claims 18446744073709551615 tensors");
    expect_bad(RawGguf::head(0, 100), "do not fit into its 24 bytes");
    expect_bad(RawGguf::head(100, 0), "do not fit into its 24 bytes");
    expect_bad(RawGguf::head(0, 1).array("a", f32, huge).zeros(64), "key a claims 1844674407");
    expect_bad(RawGguf::head(0, 1).array("a", f64, 1 << 30).zeros(64), "ends inside key a");
    expect_bad(RawGguf::head(0, 1).array("a", string, 1 << 30).zeros(64), "ends inside key a");
    RawGguf raw = RawGguf::head(0, 1);
    expect_bad(raw.key("a", string).number(huge).zeros(64), "key a holds a string of 184467440");
}

TEST(GgufFile, Rejects_malformed_keys) {
    const auto one_key = [](std::string_view name) {
        return RawGguf::head(0, 1).key(name, u8).number(std::uint8_t{0}).zeros(8);
    };
    expect_bad(one_key(""), "has no name");
    expect_bad(one_key(std::string_view("a\0b", 3)), "zero byte in its name");
    expect_bad(one_key(std::string(70000, 'k')), "has a name of 70000 bytes");
    expect_bad(RawGguf::head(0, 1).key("a", 13).zeros(8), "key a has the unknown type 13");
    expect_bad(RawGguf::head(0, 1).array("a", array, 1).zeros(32), "array of arrays");
    expect_bad(RawGguf::head(0, 1).key("a", boolean).number(std::uint8_t{2}).zeros(8),
               "bool that is neither 0 nor 1");
    RawGguf twice = RawGguf::head(0, 2);
    twice.key("a", u8).number(std::uint8_t{1}).key("a", u8).number(std::uint8_t{1});
    expect_bad(twice, "key a occurs twice");
}

TEST(GgufFile, Replaces_control_characters_in_errors) {
    RawGguf raw = RawGguf::head(0, 1);
    expect_bad(raw.key("\x1B[31mred", 99).zeros(8), "key ?[31mred has the unknown type");
}

TEST(GgufFile, Checks_the_alignment) {
    const auto aligned = [](std::uint32_t alignment) {
        return RawGguf::head(0, 1).key("general.alignment", u32).number(alignment);
    };
    for (const std::uint32_t alignment : {8u, 64u}) {
        const std::string name(40, 'w');  // so that 8, 32 and 64 bytes begin at different places
        RawGguf raw = RawGguf::head(1, 1).key("general.alignment", u32).number(alignment);
        raw.tensor(name, {1}, 0, 0).pad(alignment);
        const std::size_t start = raw.bytes().size();
        EXPECT_EQ(open(raw.zeros(alignment)).get_tensor(name).offset, start);
    }
    for (const std::uint32_t alignment : {0u, 1u, 4u, 24u, 33u, 1u << 31}) {
        expect_bad(aligned(alignment), "general.alignment is " + std::to_string(alignment));
    }
    expect_bad(RawGguf::head(0, 1).key("general.alignment", string).string("32"),
               "key general.alignment must be a single integer");
}

TEST(GgufFile, Opens_several_parts_only_by_the_standard_name_of_the_first) {
    const auto part = [](std::uint16_t number, std::uint16_t n) {
        RawGguf file = RawGguf::head(0, 2);
        file.key("split.no", u16).number(number).key("split.count", u16).number(n);
        return file;
    };
    expect_bad(part(0, 3), "its name must end in -00001-of-00003.gguf");
    expect_bad(part(1, 3), "is part 2 of 3 of a model; name the first one");
    expect_bad(part(3, 3), "split.no");
    EXPECT_NO_THROW(open(part(0, 1)));
    EXPECT_NO_THROW(open(part(0, 0)));
}

TEST(GgufFile, Rejects_malformed_tensor_names) {
    expect_bad(one_tensor({1}, 0, 0, ""), "has no name");
    expect_bad(one_tensor({1}, 0, 0, std::string(64, 'n')), "has a name of 64 bytes");
    expect_bad(one_tensor({1}, 0, 0, std::string_view("a\0b", 3)), "zero byte in its name");
    EXPECT_NO_THROW(open(one_tensor({1}, 0, 0, std::string(63, 'n'))));
    RawGguf twice = RawGguf::head(2, 0);
    twice.tensor("w", {1}, 0, 0).tensor("w", {1}, 0, 32).pad().zeros(64);
    expect_bad(twice, "tensor w occurs twice");
}

TEST(GgufFile, Rejects_impossible_shapes) {
    expect_bad(one_tensor({}, 0), "tensor weight has 0 dimensions");
    expect_bad(one_tensor({1, 1, 1, 1, 1}, 0), "tensor weight has 5 dimensions");
    expect_bad(one_tensor({4, 0}, 0), "dimension of size 0");
    expect_bad(one_tensor({4, -1}, 0), "dimension of size -1");
    expect_bad(one_tensor({33}, GGML_TYPE_Q8_0), "rows of 33 elements");
    EXPECT_NO_THROW(open(one_tensor({4, 2, 1, 1}, 0)));
    EXPECT_NO_THROW(open(one_tensor({32}, GGML_TYPE_Q8_0)));
}

TEST(GgufFile, Rejects_sizes_that_overflow) {
    const std::int64_t big = std::int64_t{1} << 32;
    const std::int64_t max = std::numeric_limits<std::int64_t>::max();
    expect_bad(one_tensor({big, big}, 0), "needs more than 2^63 bytes");
    expect_bad(one_tensor({big, big, big, big}, 0), "needs more than 2^63 bytes");
    expect_bad(one_tensor({max}, 0), "needs more than 2^63 bytes");
    expect_bad(one_tensor({max - 31}, GGML_TYPE_Q8_0), "needs");
    expect_bad(one_tensor({1 << 20}, 0), "needs 4194304 bytes but the file has only");
}

TEST(GgufFile, Rejects_unknown_and_removed_quantisations) {
    expect_unsupported(one_tensor({32}, 4), "quantisation number 4");    // Q4_2
    expect_unsupported(one_tensor({32}, 31), "quantisation number 31");  // Q4_0_4_4
    expect_unsupported(one_tensor({32}, GGML_TYPE_COUNT), "which is unknown");
    expect_unsupported(one_tensor({32}, ~0u), "quantisation number 4294967295");
}

TEST(GgufFile, Rejects_a_tensor_that_ends_past_the_file) {
    RawGguf raw = RawGguf::head(1, 0);
    raw.tensor("blk.0.attn_q.weight", {16}, 0, 0).pad();
    const std::size_t start = raw.bytes().size();
    const std::string end = std::to_string(start + 64);
    expect_bad(raw.zeros(63), "is truncated or damaged: tensor blk.0.attn_q.weight ends at byte " +
                                  end + " but the file has only " + std::to_string(start + 63));
    EXPECT_NO_THROW(open(raw.zeros(1)));
}

TEST(GgufFile, Rejects_tensors_with_gaps_or_overlaps) {
    const std::uint64_t huge = ~std::uint64_t{0};
    expect_bad(one_tensor({1}, 0, 32), "tensor weight is said to begin at byte 32");
    expect_bad(one_tensor({1}, 0, huge - 31), "tensor weight is said to begin at byte");
    RawGguf overlap = RawGguf::head(2, 0);
    overlap.tensor("a", {8}, 0, 0).tensor("b", {8}, 0, 0).pad().zeros(64);
    expect_bad(overlap, "tensor b is said to begin at byte 0");
}

TEST(GgufFile, Rejects_more_tensors_than_the_data_holds) {
    RawGguf raw = RawGguf::head(40, 0);
    for (std::uint64_t i = 0; i < 40; ++i) {
        raw.tensor("t" + std::to_string(i), {64}, 0, i * 256);
    }
    expect_bad(raw.pad().zeros(256), "is truncated");
}

TEST(GgufFile, Passes_on_the_errors_of_the_file_system) {
    const TempDir folder;
    try {
        GgufFile::open(folder / "missing.gguf");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_error);
    }
}

}  // namespace
}  // namespace infinipot
