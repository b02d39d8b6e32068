#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "eval/text/text_source.h"
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
    /// @throws as TextSource::next() does
    std::string_view next();

    /// Returns whether everything that next() has returned is white space.
    bool blank() const { return blank_; }

    /// Says that the first `n` bytes of the last chunk have become part of the session.
    void took(std::size_t n);

    /// Returns what has been taken so far.
    TextRead read() const;

    /// Returns the name under which a snapshot remembers a path: its last part.
    static std::string name_of(const std::string& path);

   private:
    void skip(const TextRead& read);

    TextSource source_;
    Hasher hasher_;
    std::uint64_t n_taken_ = 0;
    std::size_t n_mark_ = 0;  // bytes of a byte order mark in front of the last chunk
    bool blank_ = true;
    bool ended_ = false;
    bool on_new_line_ = true;
    bool has_more_ = false;   // than what was read before
    bool has_added_ = false;  // whether the last chunk is the added line feed
    std::string_view chunk_;
};

}  // namespace infinipot::eval
