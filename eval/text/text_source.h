#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace infinipot::eval {

/// Returns the name of a text for a sentence: quoted, or "the standard input" for "-".
std::string quoted_name(const std::string& path);

/// Checks that a text can be read, and returns its bytes; nothing if they are unknown before it is
/// read, as those of a pipe are.
/// @throws Error(file_error)
std::optional<std::uint64_t> check_readable(const std::string& path);

/// Returns whether there is nothing but white space in `text`.
bool is_blank(std::string_view text);

/// One open text, read in chunks and checked to be UTF-8. The name "-" means the standard input.
class TextSource {
   public:
    /// @throws Error(file_error)
    explicit TextSource(std::string path);

    /// Returns the next bytes, at most `n_most`; empty at the end. A chunk may end inside a
    /// character, but a text does not. Valid until the next call.
    /// @throws Error(bad_text) naming the text and the offset in it
    /// @throws Error(file_error)
    /// @throws Error(interrupted) if a signal arrives while the read waits for input
    std::string_view next(std::size_t n_most = chunk_bytes);

    /// Returns the bytes of the byte order mark that `chunk`, the first one, begins with, or 0.
    static std::size_t mark_bytes(std::string_view chunk);

    const std::string& path() const { return path_; }

   private:
    struct Close {
        void operator()(std::FILE* file) const;
    };

    /// About a thousand tokens; progress and checkpoints come between whole chunks.
    static constexpr std::size_t chunk_bytes = 4096;

    std::size_t read(std::size_t n_most);

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
    Utf8Validator validator_;
    std::array<char, chunk_bytes> buffer_;
};

}  // namespace infinipot::eval
