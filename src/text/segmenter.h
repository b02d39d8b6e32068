#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/state_archive.h"

namespace infinipot {

/// Cuts a stream of text into segments that can be tokenised separately. The cuts depend on the
/// text alone, and never on how append() calls divide it. A cut is before a space between words, in
/// the second half of a full segment. If there is no such space, the segment ends between two
/// characters.
class Segmenter {
   public:
    static constexpr std::size_t segment_bytes = 8192;

    /// Adds text, at most a few segments at a time: text that is not cut yet stays in memory.
    void append(std::string_view text) { waiting_ += text; }

    /// Returns the next whole segment, or nothing if there is none yet.
    std::optional<std::string> next();

    /// Returns all text that is left, as the last segment.
    std::string rest();

    /// Writes or reads the text that is not cut yet.
    void serialize(StateArchive& archive);

    std::size_t waiting_bytes() const { return waiting_.size(); }

   private:
    std::string waiting_;
};

}  // namespace infinipot
