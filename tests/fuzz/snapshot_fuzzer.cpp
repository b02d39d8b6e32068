#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#include "support/hostile_snapshot.h"
#include "support/temp_dir.h"

// Reads hostile snapshots until something other than a refusal happens. docs/snapshot.md has the
// command and the result.

using infinipot::HostileSnapshot;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using Bytes = std::vector<std::byte>;

std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

/// Replaces a number by one at which arithmetic may fail.
void set_extreme(Bytes& bytes, std::minstd_rand& random) {
    constexpr std::int64_t int_max = std::numeric_limits<std::int32_t>::max();
    constexpr std::int64_t long_max = std::numeric_limits<std::int64_t>::max();
    constexpr std::array<std::int64_t, 18> extremes = {0,
                                                       1,
                                                       2,
                                                       3,
                                                       7,
                                                       8,
                                                       int_max,
                                                       int_max - 1,
                                                       int_max / 2,
                                                       -1,
                                                       63,
                                                       64,
                                                       65,
                                                       -int_max - 1,
                                                       1LL << 40,
                                                       long_max,
                                                       long_max / 2,
                                                       -long_max - 1};
    const std::int64_t value = extremes[random() % extremes.size()];
    const std::size_t width = std::array<std::size_t, 3>{1, 4, 8}[random() % 3];
    if (bytes.size() < width) return;
    std::memcpy(bytes.data() + random() % (bytes.size() - width + 1), &value, width);
}

void mutate(Bytes& bytes, std::size_t most, std::minstd_rand& random) {
    if (random() % 2 == 0) return set_extreme(bytes, random);
    const std::size_t size = bytes.size();
    bytes.resize(std::max(size, most));
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, most));
}

infinipot::SnapshotReader& reader() {
    static const infinipot::TempDir folder;
    static const infinipot::Model model = infinipot::model_for_snapshots(folder.path());
    static infinipot::SnapshotReader reader(model,
                                            infinipot::sound_snapshots(model, folder.path()));
    return reader;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    std::minstd_rand random(seed + 1);
    random();
    HostileSnapshot s = HostileSnapshot::unpack(bytes_of(data, size));
    for (unsigned n = random() % 3 + 1; n > 0; --n) {
        const unsigned part = random() % 16;
        if (part < 9) mutate(s.state, s.state.size() + 64, random);
        if (part == 9 || part == 10)
            mutate(s.info, std::min<std::size_t>(s.info.size() + 64, 4096), random);
        if (part >= 11 && part < 14) mutate(s.cache, s.cache.size() + 64, random);
        if (part == 14) mutate(s.header, 16, random);
        if (part == 15) s.flags = static_cast<std::uint8_t>(1u << random() % 8);
        if (part == 15) s.n_cache_blocks = static_cast<std::uint8_t>(random() % 4);
    }
    // To make sessions and to read on take longer.
    s.flags &= static_cast<std::uint8_t>(HostileSnapshot::is_restored - 1);
    if (random() % 64 == 0) s.flags |= HostileSnapshot::is_restored;
    if (random() % 128 == 0) s.flags |= HostileSnapshot::is_used;
    const Bytes packed = s.pack();
    const std::size_t n = std::min(packed.size(), max_size);
    std::memcpy(data, packed.data(), n);
    return n;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    reader().read(HostileSnapshot::unpack(bytes_of(data, size)));
    return 0;
}

/// Makes the model and the sessions before the time of an input is measured.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
    reader();
    return 0;
}
