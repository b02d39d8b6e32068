#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>

#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "support/temp_dir.h"

namespace infinipot {

/// Returns `n` words of a small vocabulary in random order, the same for the same seed.
std::string words(int n, unsigned seed = 3);

/// Returns the first `n` bytes of a book.
std::string book(std::size_t n);

/// Returns all that the KV cache holds, bit for bit: rows, tags and accumulated attention; and what
/// layers keep next to it.
std::string contents(Session& session);

/// Returns the sentence of the Error that `action` throws; its code must be `expected`.
template <typename Action>
std::string sentence_of(Action action, ErrorCode expected) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), expected) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

/// Sessions of 256 entries on a tiny model.
class SessionTest : public testing::Test {
   protected:
    explicit SessionTest(int n_vocab = 600);

    SessionOptions options() const;
    Session session() const { return Session(model_, options()); }

    /// A model with a chat template.
    Model talking_model() const;

    TempDir folder_;
    Model model_;
};

/// A policy and how it is run.
struct Way {
    const char* name;
    const char* spec;
    std::optional<Schedule> schedule = {};
    std::optional<Positions> positions = {};
};

inline void PrintTo(const Way& way, std::ostream* out) { *out << way.spec; }

/// Sessions of one Way each.
class ScheduleTest : public SessionTest {
   protected:
    ScheduleTest() : SessionTest(4000) {}

    /// Returns words in random order, the same for the same seed, of `n_tokens` tokens or a few
    /// more.
    std::string text(int n_tokens, unsigned seed = 3) const;

    SessionOptions options(const Way& way) const;
    Session session(const Way& way) const { return Session(model_, options(way)); }
};

}  // namespace infinipot
