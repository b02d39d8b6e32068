#include "engine/checkpoints.h"

#include <algorithm>
#include <utility>

namespace infinipot {

void Checkpoints::begin_turn(Checkpoint checkpoint) {
    answer_.reset();
    turns_.push_back(std::move(checkpoint));
    while (turns_.size() > most_turns || (turns_.size() > 1 && state_bytes() > most_bytes_))
        turns_.pop_front();
}

std::size_t Checkpoints::state_bytes() const {
    std::size_t sum = 0;
    for (const Checkpoint& turn : turns_) sum += turn.state.size();
    return sum;
}

void Checkpoints::keep(KvCache& cache) {
    const auto has_image = [](const Checkpoint& point) { return point.image.file != nullptr; };
    const bool all = std::ranges::all_of(turns_, has_image) && (!answer_ || has_image(*answer_));
    if (all) return;
    std::erase_if(turns_, has_image);
    if (answer_ && has_image(*answer_)) answer_.reset();
    const CacheImage image = cache.share();
    const auto give = [&](Checkpoint& point) {
        point.image = {image.file, image.offset, point.image.n};
    };
    std::ranges::for_each(turns_, give);
    if (answer_) give(*answer_);
}

std::optional<Checkpoint> Checkpoints::take_turn() {
    answer_.reset();
    if (turns_.empty()) return std::nullopt;
    Checkpoint last = std::move(turns_.back());
    turns_.pop_back();
    return last;
}

std::optional<Checkpoint> Checkpoints::take_answer() {
    return std::exchange(answer_, std::nullopt);
}

}  // namespace infinipot
