#include "model/rope_axes.h"

#include <numeric>

namespace infinipot {

void require_equal_axes(const GgufMetadata& metadata, int n_rot) {
    constexpr int n_axes = 3, n_sections = 4;
    constexpr int largest = 1 << 20;
    const char* key = "rope.dimension_sections";
    const std::vector<int> sections = metadata.counts(key, n_sections, largest);
    const int n = std::accumulate(sections.begin(), sections.end(), 0);
    if (n == 0) metadata.damaged("its RoPE has no axes");
    for (int pair = 0; pair < n_rot / 2; ++pair) {
        const int sector = pair % n;
        if (sector / n_axes >= sections[static_cast<std::size_t>(sector % n_axes)])
            metadata.unsupported("RoPE with another axis", key);
    }
}

}  // namespace infinipot
