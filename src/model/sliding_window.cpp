#include "model/sliding_window.h"

#include <limits>

namespace infinipot {

SlidingWindow read_sliding_window(const GgufMetadata& metadata, int n_layer, int default_size,
                                  int default_pattern) {
    constexpr int largest = std::numeric_limits<int>::max();
    const char* pattern_key = "attention.sliding_window_pattern";
    SlidingWindow window{
        .size = metadata.count_or_none("attention.sliding_window", largest, default_size),
        .local = {}};
    if (metadata.is_array(pattern_key)) {
        window.local = metadata.flags(pattern_key);
        if (window.local.size() != static_cast<std::size_t>(n_layer)) {
            metadata.damaged("its sliding-window pattern is not one flag for each layer");
        }
        return window;
    }
    const int pattern = metadata.count_or_none(pattern_key, largest, default_pattern);
    for (int il = 0; il < n_layer; ++il) {
        window.local.push_back(pattern == 0 || il % pattern < pattern - 1);
    }
    return window;
}

}  // namespace infinipot
