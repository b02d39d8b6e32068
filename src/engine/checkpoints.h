#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "cache/kv_cache.h"

namespace infinipot {

/// A point that a session can go back to.
struct Checkpoint {
    std::vector<std::byte> state;  ///< of everything but the KV cache
    CacheImage image;              ///< without a file: the cache's first image.n entries
};

/// The points that a conversation can go back to: the beginnings of its last turns, and of its last
/// answer. As long as entries are only appended, a point is a number of entries. Before entries
/// change, one image of the cache is made for all points. The points that need an older image are
/// then given up, so that there is one image at most. The states of older turns are given up when
/// all together take more than most_bytes. Belongs to one thread at a time.
class Checkpoints {
   public:
    explicit Checkpoints(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    void begin_turn(Checkpoint checkpoint);
    void begin_answer(Checkpoint checkpoint) { answer_ = std::move(checkpoint); }

    /// Makes an image of the cache if a point needs one. To be called before entries change.
    /// @throws Error(out_of_memory)
    void keep(KvCache& cache);

    /// Returns the beginning of the last turn, and forgets it; nothing if there is none.
    std::optional<Checkpoint> take_turn();

    /// Returns the beginning of the last answer, and forgets it; nothing if there is none.
    std::optional<Checkpoint> take_answer();

    int n_turns() const { return static_cast<int>(turns_.size()); }

   private:
    static constexpr std::size_t most_turns = 32;

    std::size_t state_bytes() const;

    std::size_t most_bytes_;
    std::deque<Checkpoint> turns_;
    std::optional<Checkpoint> answer_;
};

}  // namespace infinipot
