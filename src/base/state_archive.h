#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace infinipot {

/// Writes the members of objects one after another, or reads them in the same order. A class names
/// its members once, in `void serialize(StateArchive& archive)`, for both ways. Numbers are stored
/// as this machine stores them, which a snapshot's header tells; nothing is padded.
///
/// The data that is read may be hostile: every number of elements is compared with what is left and
/// with the caller's bound before memory is allocated.
class StateArchive {
   public:
    StateArchive() = default;  ///< writes
    /// Reads `data`, which must stay where it is.
    explicit StateArchive(std::span<const std::byte> data) : reads_(true), rest_(data) {}

    bool reads() const { return reads_; }

    /// A number, a bool or an enum.
    template <typename T>
    void value(T& x) {
        static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
        if constexpr (std::is_same_v<T, bool>) {
            auto byte = static_cast<std::uint8_t>(x);
            bytes(&byte, 1);
            require(byte <= 1);
            x = byte == 1;
        } else {
            bytes(&x, sizeof x);
        }
    }

    /// A whole number from `least` to `most`.
    template <typename T>
    void number(T& x, std::type_identity_t<T> least, std::type_identity_t<T> most) {
        value(x);
        require(least <= x && x <= most);
    }

    /// An enum whose values are 0..n-1.
    template <typename T>
    void one_of(T& x, int n) {
        auto number = static_cast<std::int32_t>(x);
        value(number);
        require(0 <= number && number < n);
        x = static_cast<T>(number);
    }

    /// At most n_most characters.
    void text(std::string& s, std::size_t n_most) { sequence(s, n_most); }

    /// At most n_most numbers.
    template <typename T>
    void list(std::vector<T>& x, std::size_t n_most) {
        sequence(x, n_most);
    }

    /// Numbers of which there are always equally many.
    template <typename T, std::size_t n>
    void block(std::span<T, n> x) {
        static_assert(std::is_trivially_copyable_v<T>);
        bytes(x.data(), x.size_bytes());
    }

    /// @throws Error(bad_snapshot) when reading, unless it holds.
    void require(bool holds) const {
        if (reads_ && !holds) fail();
    }

    /// @throws Error(bad_snapshot) when reading, if something is left.
    void end() const { require(rest_.empty()); }

    /// Returns what was written.
    std::span<const std::byte> written() const { return written_; }

   private:
    template <typename Sequence>
    void sequence(Sequence& x, std::size_t n_most) {
        using T = typename Sequence::value_type;
        static_assert(std::is_trivially_copyable_v<T>);
        std::uint64_t n = x.size();
        value(n);
        require(n <= n_most && n <= rest_.size() / sizeof(T));
        if (reads_) x.resize(static_cast<std::size_t>(n));
        bytes(x.data(), x.size() * sizeof(T));
    }

    void bytes(void* at, std::size_t n) {
        if (!reads_) {
            const auto* first = static_cast<const std::byte*>(at);
            written_.insert(written_.end(), first, first + n);
            return;
        }
        require(n <= rest_.size());
        if (n > 0) std::memcpy(at, rest_.data(), n);
        rest_ = rest_.subspan(n);
    }

    [[noreturn]] static void fail();

    bool reads_ = false;
    std::span<const std::byte> rest_;
    std::vector<std::byte> written_;
};

}  // namespace infinipot
