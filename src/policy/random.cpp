// Random eviction, the baseline for every other policy. Every entry has the same chance; each head
// draws its own numbers at each selection. A number depends on the seed, the layer, the head, the
// entry's token and the length of the stream so far. Rounding therefore cannot change it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<RandomOptions>& row() {
    static const PolicyRow<RandomOptions> row = {
        .name = "random",
        .summary = "Keeps a new random choice at each eviction: a baseline for every other policy.",
        .source = "none",
        .cost = "Nothing.",
        .make = random,
        .options = {option("seed", &RandomOptions::seed, any_number(),
                           "Seed of the random numbers.")},
    };
    return row;
}

/// Mixes bits so that results of neighbouring numbers are unrelated (splitmix64's finalizer).
std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

class Random final : public EvictionPolicy {
   public:
    explicit Random(RandomOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override { return {.position = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (HeadView head : view.heads(heads)) {
            head.keep.fill_best(lots(view.layer, head));
        }
    }

   private:
    std::vector<float> lots(int layer, const HeadView& head) const {
        const std::span<const std::int64_t> positions = head.position;
        std::uint64_t draw = static_cast<std::uint64_t>(options_.seed);
        for (const std::int64_t part : {std::int64_t{layer}, std::int64_t{head.head},
                                        positions.empty() ? 0 : positions.back()}) {
            draw = mixed(draw ^ static_cast<std::uint64_t>(part));
        }
        std::vector<float> lots;
        for (const std::int64_t position : positions) {
            const std::uint64_t bits = mixed(draw ^ static_cast<std::uint64_t>(position));
            lots.push_back(static_cast<float>(bits >> 40));
        }
        return lots;
    }

    RandomOptions options_;
};

}  // namespace

PolicyPtr random(RandomOptions options) {
    row().check(options);
    return std::make_shared<Random>(options);
}

AnyPolicyRow random_row() { return row(); }

}  // namespace infinipot::policies
