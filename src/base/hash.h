#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace infinipot {

/// A 128-bit hash (XXH3), in its canonical byte order. It finds damage and tells texts and models
/// apart; it is no defence against somebody who looks for collisions.
using Hash128 = std::array<std::uint8_t, 16>;

/// Hashes a sequence of bytes that arrives in parts. Belongs to one thread at a time.
class Hasher {
   public:
    Hasher();
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void add(std::span<const std::byte> data);
    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }

    /// Returns the hash of everything added so far.
    Hash128 hash() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

Hash128 hash_of(std::span<const std::byte> data);

/// Returns the hash as 32 hexadecimal digits.
std::string to_hex(const Hash128& hash);

}  // namespace infinipot
