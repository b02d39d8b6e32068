#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace infinipot {

/// Cuts a stream of text into segments that can be tokenised one by one. Where it cuts depends on
/// the text alone, never on how the text was cut into append() calls. It cuts before a space that
/// stands between words; only a run of half a segment without one is cut inside, between two
/// characters.
class Segmenter {
   public:
    static constexpr std::size_t segment_bytes = 8192;

    /// Takes more text, at most a few segments at a time: what is not cut yet is held in memory.
    void append(std::string_view text) { waiting_ += text; }

    /// The next whole segment, if there is one.
    std::optional<std::string> next();

    /// All that waits, as the last segment.
    std::string rest();

    std::size_t waiting_bytes() const { return waiting_.size(); }

   private:
    std::string waiting_;
};

}  // namespace infinipot
