#include "engine/key_centres_of.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "cache/rotation_table.h"
#include "cache/row_format.h"

namespace infinipot {

namespace {

/// The largest norm of a bias that may stay in rotated keys. A capacity of 4096 leaves 71 in the
/// first layer of Qwen 2.5 Coder 0.5B, 22 in the second one of 1.5B, and at most 14 in all others.
constexpr double largest_rest = 20;

/// Returns whether the softmax of a layer cancels what is added to all scores of a query. A soft
/// cap does not, and neither do sinks, whose logits stay as they are.
bool cancels_constants(const Attention& attention) {
    return attention.softcap == 0 && attention.sinks == nullptr;
}

/// Returns the bias to subtract in a layer, or null.
const ggml_tensor* removable_bias(const Attention& attention) {
    return cancels_constants(attention) ? attention.key_bias : nullptr;
}

/// Returns whether every entry's position is its slot.
bool positions_are_slots(const Plan& plan) {
    return plan.options.positions.rule != Positions::keep &&
           plan.options.schedule != Schedule::per_token;
}

/// A rotation, and its mean over the positions of a cache.
struct Turn {
    std::shared_ptr<const RotationTable> table;
    MeanRotation mean;
};

/// Returns the norm of what the mean rotation, subtracted, leaves of a bias on the average, in the
/// head where it is largest: |R b - M b|² = |R b|² - |M b|².
double rest(const Turn& turn, std::span<const float> bias, std::size_t n_embd_head) {
    double largest = 0;
    for (std::size_t at = 0; at < bias.size(); at += n_embd_head) {
        std::vector<float> mean(bias.begin() + static_cast<std::ptrdiff_t>(at),
                                bias.begin() + static_cast<std::ptrdiff_t>(at + n_embd_head));
        double sum = 0;
        for (const float x : mean) sum += static_cast<double>(x) * static_cast<double>(x);
        turn.mean.apply(mean.data());
        for (const float x : mean) sum -= static_cast<double>(x) * static_cast<double>(x);
        largest = std::max(largest, sum);
    }
    return std::sqrt(largest);
}

}  // namespace

KeyCentres key_centres_of(const Plan& plan, const Model::Impl& model, const CacheShape& shape,
                          Backend& backend) {
    if (!uses_hadamard(shape.type)) return {};
    std::vector<std::pair<Rotation, Turn>> turns;
    const auto turn_of = [&](const Rotation& rotation) -> const Turn& {
        for (const auto& [known, turn] : turns)
            if (known == rotation) return turn;
        const auto table = std::make_shared<const RotationTable>(rotation, shape.n_embd_head,
                                                                 shape.capacity, backend);
        return turns.emplace_back(rotation, Turn{table, MeanRotation(*table, 0, shape.capacity)})
            .second;
    };
    KeyCentres centres;
    std::vector<float> bias(static_cast<std::size_t>(shape.n_embd_head * shape.n_head_kv));
    for (int il = 0; il < shape.n_layer; ++il) {
        const Attention attention = model.pot_attention(il, shape.capacity);
        if (removable_bias(attention) == nullptr) continue;
        if (turns.empty()) centres = KeyCentres(shape);
        const Turn& turn = turn_of(attention.rotation);
        ggml_backend_tensor_get(removable_bias(attention), bias.data(), 0,
                                bias.size() * sizeof(float));
        const auto d = static_cast<std::size_t>(shape.n_embd_head);
        if (positions_are_slots(plan) && rest(turn, bias, d) > largest_rest) {
            centres.set_turning(il, bias, turn.table);
        } else {
            centres.set(il, bias, turn.mean);
        }
    }
    return centres;
}

}  // namespace infinipot
