#include "eval/run/fingerprint.h"

#include <cinttypes>
#include <cstdio>

namespace infinipot::eval {

std::uint64_t hash(std::string_view bytes) {
    std::uint64_t h = 0xCBF29CE484222325u;
    for (const char byte : bytes) h = (h ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9u;  // the last step of SplitMix64
    h = (h ^ h >> 27) * 0x94D049BB133111EBu;
    return h ^ h >> 31;
}

std::string fingerprint(std::string_view bytes) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016" PRIx64, hash(bytes));
    return digits;
}

}  // namespace infinipot::eval
