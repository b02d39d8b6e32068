#include "eval/text/resumable_text.h"

#include <gtest/gtest.h>

#include <fstream>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

class ResumableTextTest : public testing::Test {
   protected:
    std::string write(const std::string& text) const {
        const auto path = folder_.path() / "a.txt";
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }

    /// Reads at most `n_most` chunks, and returns them.
    static std::string take(ResumableText& text, int n_most = 1000) {
        std::string all;
        for (int i = 0; i < n_most; ++i) {
            const std::string chunk(text.next());
            if (chunk.empty()) break;
            text.took(chunk.size());
            all += chunk;
        }
        return all;
    }

    template <typename Action>
    static std::string refusal(Action action) {
        try {
            action();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_text);
            return error.what();
        }
        return "nothing was thrown";
    }

    TempDir folder_;
};

TEST_F(ResumableTextTest, Reads_the_rest_of_what_was_read_before) {
    std::string whole;
    for (int i = 0; i < 2000; ++i) whole += "line " + std::to_string(i) + '\n';
    const std::string path = write(whole);
    ResumableText first(path, {});
    const std::string begin = take(first, 2);
    ResumableText second(path, first.read());
    EXPECT_EQ(begin + take(second), whole);
    ResumableText all(path, {});
    take(all);
    EXPECT_EQ(second.read(), all.read());
}

TEST_F(ResumableTextTest, Counts_only_what_was_taken_of_a_chunk) {
    const std::string path = write("abcdef\n");
    ResumableText text(path, {});
    text.next();
    text.took(2);
    EXPECT_EQ(text.read().bytes, 2u);
    ResumableText rest(path, text.read());
    EXPECT_EQ(take(rest), "cdef\n");
}

TEST_F(ResumableTextTest, Ends_a_text_with_a_line_feed_once) {
    const std::string path = write("no end");
    ResumableText text(path, {});
    EXPECT_EQ(take(text), "no end\n");
    EXPECT_EQ(text.read().bytes, 6u);
    ResumableText again(path, text.read());
    EXPECT_EQ(take(again), "");
}

TEST_F(ResumableTextTest, Leaves_a_byte_order_mark_out) {
    const std::string path = write("\xEF\xBB\xBFtext\n");
    ResumableText text(path, {});
    EXPECT_EQ(take(text), "text\n");
    EXPECT_EQ(text.read().bytes, 8u);
    EXPECT_EQ(text.read().name, "a.txt");
}

TEST_F(ResumableTextTest, Refuses_a_text_whose_beginning_has_changed) {
    ResumableText text(write("one\ntwo\n"), {});
    take(text);
    for (const char* changed : {"One\ntwo\nthree\n", "one\n", ""}) {
        const std::string path = write(changed);
        EXPECT_THROW(ResumableText(path, text.read()), Error) << changed;
    }
    ResumableText longer(write("one\ntwo\nthree\n"), text.read());
    EXPECT_EQ(take(longer), "three\n");
}

TEST_F(ResumableTextTest, Refuses_what_is_not_UTF_8_and_names_the_text_and_the_byte) {
    for (const char* bad : {"abc\xFFz", "abc\xE2\x82"}) {
        ResumableText text(write(bad), {});
        const std::string sentence = refusal([&] { take(text); });
        EXPECT_NE(sentence.find("a.txt\" is not UTF-8 at byte 3"), std::string::npos) << sentence;
    }
}

TEST_F(ResumableTextTest, Goes_on_inside_a_character_that_was_cut) {
    ResumableText cut(write("abc\xE2\x82"), {});
    cut.took(cut.next().size());
    ResumableText whole(write("abc\xE2\x82\xAC.\n"), cut.read());
    EXPECT_EQ(take(whole), "\xAC.\n");
}

TEST_F(ResumableTextTest, Knows_whether_there_is_more_than_white_space) {
    ResumableText blank(write(" \n\t\n"), {});
    take(blank);
    EXPECT_TRUE(blank.blank());
    ResumableText text(write(" \n.\n"), {});
    take(text);
    EXPECT_FALSE(text.blank());
}

TEST_F(ResumableTextTest, Refuses_folders_and_what_is_not_there) {
    EXPECT_THROW(ResumableText(folder_.path().string(), {}), Error);
    EXPECT_THROW(ResumableText((folder_.path() / "nowhere").string(), {}), Error);
}

}  // namespace
}  // namespace infinipot::eval
