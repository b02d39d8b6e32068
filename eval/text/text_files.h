#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace infinipot::eval {

/// Texts read one after the other as one stream, in chunks: never more than one chunk is in memory.
/// A text begins on a new line, and a byte order mark at its start is left out. "-" is the standard
/// input.
class TextFiles {
   public:
    /// @throws Error(file_error) if one of them is no readable file.
    explicit TextFiles(std::vector<std::string> paths);

    /// What follows; empty at the end. It may end inside a character, but no text does. Valid until
    /// the next call.
    /// @throws Error(bad_text) naming the file and the offset in it, Error(file_error), or
    ///         Error(interrupted) if a signal arrives while waiting for input.
    std::string_view next();

    /// Bytes of all texts; nothing if one of them has no known size, such as a pipe.
    std::optional<std::uint64_t> total_bytes() const { return total_bytes_; }

    /// Whether all that was read so far is white space.
    bool blank() const { return blank_; }

    /// The names, for a message.
    std::string names() const;

   private:
    struct Close {
        void operator()(std::FILE* file) const;
    };

    void open_next();
    std::string_view read_chunk();
    std::size_t read_bytes();
    [[noreturn]] void refuse_ill_formed() const;
    std::string_view noted(std::string_view chunk);
    const std::string& path() const { return paths_[n_opened_ - 1]; }

    std::vector<std::string> paths_;
    std::optional<std::uint64_t> total_bytes_;
    std::size_t n_opened_ = 0;
    std::unique_ptr<std::FILE, Close> file_;
    Utf8Validator validator_;        ///< of the open file
    std::array<char, 4096> buffer_;  ///< about a thousand tokens: progress counts whole chunks
    bool blank_ = true;
    bool on_new_line_ = true;
};

/// All of a text file.
/// @throws Error(file_error), or Error(bad_text) if there is no text in it.
std::string read_all(const std::string& file);

}  // namespace infinipot::eval
