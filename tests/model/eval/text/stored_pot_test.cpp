#include "eval/text/stored_pot.h"

#include <gtest/gtest.h>

#include "support/session_fixture.h"

namespace infinipot::eval {
namespace {

class StoredPotTest : public SessionTest {
   protected:
    std::string write(const std::string& name, const std::string& text) const {
        return folder_.write(name, text).string();
    }

    StoredPot pot() const { return StoredPot(session()); }

    StoredPot reopened(StoredPot& pot) const {
        const auto path = folder_ / "a.pot";
        pot.save(path);
        return StoredPot(Session::restore(model_, path, {.n_threads = 1}),
                         read_snapshot_info(path).texts);
    }

    /// Reads until the session has taken a batch at or behind the byte `n`, and is interrupted.
    static void read_to(std::uint64_t n, StoredPot& pot, const std::string& path) {
        const IngestOptions options = {[&](const Progress& progress) {
            if (progress.bytes_read >= n) pot.session().interrupt();
        }};
        sentence_of([&] { pot.read(path, options); }, ErrorCode::interrupted);
    }

    /// Returns what a pot holds at the end of its texts.
    static std::string at_end(StoredPot& pot) {
        pot.session().flush();
        return contents(pot.session());
    }

    // Longer than two segments, so that an interrupted reading has not taken all of it.
    const std::string a_ = write("a.txt", words(5000, 1));
    const std::string b_ = write("b.txt", words(700, 2));
};

TEST_F(StoredPotTest, Goes_on_at_the_byte_where_it_was_interrupted) {
    StoredPot whole = pot();
    whole.read(a_, {});
    StoredPot cut = pot();
    read_to(9000, cut, a_);
    const std::uint64_t n = cut.texts().at(0).bytes;
    EXPECT_GE(n, 9000u);
    EXPECT_LT(n, whole.texts().at(0).bytes);
    EXPECT_EQ(n, cut.session().stats().bytes_read);
    StoredPot rest = reopened(cut);
    EXPECT_EQ(rest.texts(), cut.texts());
    rest.read(a_, {});
    EXPECT_EQ(rest.texts(), whole.texts());
    EXPECT_TRUE(at_end(rest) == at_end(whole));
}

TEST_F(StoredPotTest, Goes_on_itself_after_an_error) {
    StoredPot whole = pot();
    whole.read(a_, {});
    StoredPot cut = pot();
    for (const std::uint64_t n : {700u, 9000u, 15000u}) read_to(n, cut, a_);
    cut.read(a_, {});
    EXPECT_EQ(cut.texts(), whole.texts());
    EXPECT_TRUE(at_end(cut) == at_end(whole));
}

TEST_F(StoredPotTest, Reads_nothing_twice) {
    StoredPot pot = this->pot();
    pot.read(a_, {});
    StoredPot again = reopened(pot);
    const std::uint64_t n = again.session().stats().bytes_read;
    again.read(a_, {});
    EXPECT_FALSE(again.has_read());
    EXPECT_TRUE(again.blank());
    EXPECT_EQ(again.session().stats().bytes_read, n);
}

TEST_F(StoredPotTest, Keeps_the_counts_of_several_texts_apart) {
    StoredPot pot = this->pot();
    read_to(2500, pot, a_);
    const std::uint64_t n_a = pot.texts().at(0).bytes;
    pot.read(b_, {});
    ASSERT_EQ(pot.texts().size(), 2u);
    EXPECT_EQ(pot.texts()[0].name, "a.txt");
    EXPECT_EQ(pot.texts()[0].bytes, n_a);
    EXPECT_EQ(pot.texts()[1].name, "b.txt");
    EXPECT_EQ(pot.texts()[1].bytes, words(700, 2).size());
    pot.read(a_, {});
    EXPECT_EQ(pot.texts()[0].bytes, words(5000, 1).size());
    EXPECT_EQ(pot.texts().size(), 2u);
}

TEST_F(StoredPotTest, Counts_what_it_will_have_read) {
    const std::uint64_t n_a = words(5000, 1).size(), n_b = words(700, 2).size();
    StoredPot pot = this->pot();
    EXPECT_EQ(pot.total_bytes({a_, b_}), n_a + n_b);
    EXPECT_EQ(pot.total_bytes({a_, "-"}), std::nullopt);
    EXPECT_THROW((void)pot.total_bytes({a_, (folder_ / "nowhere").string()}), Error);
    read_to(2500, pot, a_);
    StoredPot rest = reopened(pot);
    EXPECT_EQ(rest.total_bytes({a_, b_}), n_a + n_b) << "what was read is not counted twice";
    EXPECT_EQ(rest.total_bytes({b_}), pot.texts()[0].bytes + n_b);
}

TEST_F(StoredPotTest, Knows_whether_it_has_read_more_than_white_space) {
    StoredPot pot = this->pot();
    EXPECT_TRUE(pot.blank());
    EXPECT_FALSE(pot.has_read());
    pot.read(write("blank.txt", " \n\n"), {});
    EXPECT_TRUE(pot.blank());
    EXPECT_TRUE(pot.has_read());
    pot.read(b_, {});
    EXPECT_FALSE(pot.blank());
}

TEST_F(StoredPotTest, Calls_between_whole_chunks_and_can_be_saved_there) {
    StoredPot whole = pot();
    whole.read(a_, {});
    StoredPot saved = pot();
    int n = 0;
    saved.read(a_, {}, [&] {
        if (++n == 1) saved.save(folder_ / "middle.pot");
    });
    EXPECT_GT(n, 1);
    const auto path = folder_ / "middle.pot";
    StoredPot rest(Session::restore(model_, path, {.n_threads = 1}),
                   read_snapshot_info(path).texts);
    EXPECT_EQ(rest.texts().at(0).bytes, 4096u);
    rest.read(a_, {});
    EXPECT_TRUE(at_end(rest) == at_end(whole));
}

TEST_F(StoredPotTest, Counts_the_bytes_before_one_that_is_not_UTF_8) {
    const std::string good = words(1500, 4);
    const std::string path = write("bad.txt", good + "\xFF");
    StoredPot pot = this->pot();
    sentence_of([&] { pot.read(path, {}); }, ErrorCode::bad_text);
    const std::uint64_t n = pot.texts().at(0).bytes;
    EXPECT_EQ(n, pot.session().stats().bytes_read);
    write("bad.txt", good + "still.\n");
    pot.read(path, {});
    EXPECT_EQ(pot.texts().at(0).bytes, good.size() + 7);
    EXPECT_EQ(pot.session().stats().bytes_read, good.size() + 7);
}

TEST_F(StoredPotTest, Refuses_a_text_that_has_changed_and_keeps_its_count) {
    StoredPot pot = this->pot();
    pot.read(b_, {});
    const std::vector<TextRead> before = pot.texts();
    write("b.txt", "Other " + words(800, 2));
    sentence_of([&] { pot.read(b_, {}); }, ErrorCode::bad_text);
    EXPECT_EQ(pot.texts(), before);
}

}  // namespace
}  // namespace infinipot::eval
