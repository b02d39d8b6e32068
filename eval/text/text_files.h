#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/text/text_source.h"

namespace infinipot::eval {

/// Several texts, read as one stream in chunks. At most one chunk is in memory. Each text begins on
/// a new line, and a byte order mark at its start is left out. The name "-" means the standard
/// input.
class TextFiles {
   public:
    /// @throws Error(file_error) if one of them is not a readable file
    explicit TextFiles(std::vector<std::string> paths);

    /// Returns the next chunk; empty at the end. A chunk may end inside a character, but a text
    /// does not. Valid until the next call.
    /// @throws Error(bad_text) naming the file and the offset in it
    /// @throws Error(file_error)
    /// @throws Error(interrupted) if a signal arrives while the read waits for input
    std::string_view next();

    /// Returns the bytes of all texts; nothing if the size of one is unknown, such as a pipe's.
    std::optional<std::uint64_t> total_bytes() const { return total_bytes_; }

    /// Returns whether everything that was read so far is white space.
    bool blank() const { return blank_; }

    /// Returns the names, for a message.
    std::string names() const;

   private:
    std::string_view read_chunk();
    std::string_view noted(std::string_view chunk);

    std::vector<std::string> paths_;
    std::optional<std::uint64_t> total_bytes_;
    std::size_t n_opened_ = 0;
    std::optional<TextSource> source_;
    bool at_start_ = true;  ///< of the open text
    bool blank_ = true;
    bool on_new_line_ = true;
};

/// Returns all of a text file.
/// @throws Error(file_error)
/// @throws Error(bad_text) if there is no text in it
std::string read_all(const std::string& file);

}  // namespace infinipot::eval
