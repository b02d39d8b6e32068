#include "eval/pots/pot_files.h"

#include <gtest/gtest.h>

#include "support/session_fixture.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

class PotFilesTest : public SessionTest {
   protected:
    PotFilesTest() {
        fs::create_directory(shelf_);
        Session session = this->session();
        session.ingest(words(40));
        session.save(shelf_ / "a.pot");
    }

    std::ptrdiff_t n_files() const {
        return std::distance(fs::directory_iterator(shelf_), fs::directory_iterator());
    }

    const fs::path shelf_ = folder_ / "shelf";
    const fs::path a_ = shelf_ / "a.pot", b_ = shelf_ / "b.pot";
};

TEST_F(PotFilesTest, A_fork_that_is_interrupted_leaves_nothing) {
    for (const int last : {1, 2}) {
        int n = 0;
        const auto between = [&] {
            if (++n == last) throw Error(ErrorCode::interrupted, "interrupted");
        };
        sentence_of([&] { fork_pot(a_, b_, between); }, ErrorCode::interrupted);
        EXPECT_EQ(n_files(), 1);
    }
}

TEST_F(PotFilesTest, A_fork_replaces_no_file_that_came_while_it_was_copied) {
    const auto between = [&] { fs::create_directories(b_); };
    sentence_of([&] { fork_pot(a_, b_, between); }, ErrorCode::file_error);
    EXPECT_TRUE(fs::is_directory(b_));
    EXPECT_EQ(n_files(), 2);
}

TEST_F(PotFilesTest, A_fork_answers_as_the_pot_does) {
    fork_pot(a_, b_, [] {});
    Session first = Session::restore(model_, a_), second = Session::restore(model_, b_);
    EXPECT_TRUE(contents(first) == contents(second));
    ASSERT_EQ(pots_in(shelf_).size(), 2u);
    EXPECT_EQ(pots_in(shelf_)[1].path, b_);
    EXPECT_EQ(pots_in(shelf_)[1].info.n_kv, pots_in(shelf_)[0].info.n_kv);
}

}  // namespace
}  // namespace infinipot::eval
