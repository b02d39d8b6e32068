// Random eviction: every entry has the same chance, in each head by its own lot, drawn anew at each
// selection. What any other policy must beat. The lot depends on the seed, the layer, the head, the
// entry's token and how far the stream has come, and so not on anything that rounding could change.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

/// A mixing of bits after which neighbours have nothing in common (splitmix64's finalizer).
std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

class Random final : public EvictionPolicy {
   public:
    explicit Random(int seed) : seed_(seed) {}

    std::string spec() const override {
        return PolicySpec("random", {{"seed", print_value(seed_)}}).print();
    }

    Needs needs() const override { return {.position = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            keep.fill_best(lots(view, head));
            ++head;
        }
    }

   private:
    std::vector<float> lots(const LayerView& view, int head) const {
        const std::span<const std::int64_t> positions = view.position[head];
        std::uint64_t draw = static_cast<std::uint64_t>(seed_);
        for (const std::int64_t part : {std::int64_t{view.layer}, std::int64_t{head},
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

    int seed_;
};

}  // namespace

PolicyPtr random(RandomOptions options) { return std::make_shared<Random>(options.seed); }

}  // namespace infinipot
