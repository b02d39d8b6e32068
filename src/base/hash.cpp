#include "base/hash.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace infinipot {

namespace {

Hash128 canonical(const XXH128_hash_t& hash) {
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    Hash128 result;
    std::copy_n(bytes.digest, result.size(), result.begin());
    return result;
}

}  // namespace

struct Hasher::State {
    XXH3_state_t state;
};

Hasher::Hasher() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->state); }
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(std::span<const std::byte> data) {
    XXH3_128bits_update(&state_->state, data.data(), data.size());
}

Hash128 Hasher::hash() const { return canonical(XXH3_128bits_digest(&state_->state)); }

Hash128 hash_of(std::span<const std::byte> data) {
    return canonical(XXH3_128bits(data.data(), data.size()));
}

std::string to_hex(const Hash128& hash) {
    std::string text;
    for (const std::uint8_t byte : hash) {
        constexpr const char* digits = "0123456789abcdef";
        text += {digits[byte >> 4], digits[byte & 15]};
    }
    return text;
}

}  // namespace infinipot
