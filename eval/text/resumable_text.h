#pragma once

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "infinipot/snapshot.h"

namespace infinipot::eval {

/// A text that is read in chunks, and that reading can be resumed in the middle of: its beginning
/// is then compared with the hash of what was read. A byte order mark at its start is left out, and
/// a line feed is added at its end if there is none. The name "-" means the standard input, which
/// is always read from its start.
class ResumableText {
   public:
    /// Opens a text of which `read` was read before, or nothing.
    /// @throws Error(file_error) if it is not a readable file
    /// @throws Error(bad_text) if its beginning has changed
    ResumableText(std::string path, const TextRead& read);

    /// Returns the next chunk; empty at the end. Valid until the next call.
    /// @throws Error(file_error)
    /// @throws Error(interrupted) if a signal arrives while the read waits for input
    std::string_view next();

    /// Says that the first `n` bytes of the last chunk have become part of the session.
    void took(std::size_t n);

    /// Returns what has been taken so far.
    TextRead read() const;

    /// Returns the name under which a snapshot remembers a path: its last part.
    static std::string name_of(const std::string& path);

   private:
    struct Close {
        void operator()(std::FILE* file) const;
    };

    void skip(const TextRead& read);
    std::string_view read_bytes();

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
    Hasher hasher_;
    std::uint64_t n_taken_ = 0;
    std::size_t n_mark_ = 0;  // bytes of a byte order mark in front of the last chunk
    bool ended_ = false;
    bool on_new_line_ = true;
    bool has_more_ = false;   // than what was read before
    bool has_added_ = false;  // whether the last chunk is the added line feed
    std::string_view chunk_;
    std::array<char, 4096>
        buffer_;  // about a thousand tokens, between which a checkpoint is possible
};

}  // namespace infinipot::eval
