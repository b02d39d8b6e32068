#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// Writes the bytes of a GGUF file one after the other, whether they make sense or not: what ggml's
/// writer refuses to write is what a reader must refuse to read.
class RawGguf {
   public:
    /// The 24 bytes that every file begins with.
    static RawGguf head(std::uint64_t n_tensors, std::uint64_t n_keys, std::uint32_t version = 3) {
        RawGguf file;
        return file.raw("GGUF").number(version).number(n_tensors).number(n_keys);
    }

    template <typename T>
    requires std::integral<T> || std::floating_point<T> RawGguf& number(T value) {
        char buffer[sizeof(T)];
        std::memcpy(buffer, &value, sizeof(T));
        bytes_.append(buffer, sizeof(T));
        return *this;
    }
    RawGguf& raw(std::string_view bytes) {
        bytes_.append(bytes);
        return *this;
    }
    RawGguf& string(std::string_view text) { return number(std::uint64_t{text.size()}).raw(text); }

    /// A key and the number of the type of its value, which follows.
    RawGguf& key(std::string_view name, std::uint32_t type) { return string(name).number(type); }
    RawGguf& array(std::string_view name, std::uint32_t type, std::uint64_t n) {
        return key(name, 9).number(type).number(n);
    }
    RawGguf& tensor(std::string_view name, const std::vector<std::int64_t>& ne, std::uint32_t type,
                    std::uint64_t offset) {
        string(name).number(static_cast<std::uint32_t>(ne.size()));
        for (const std::int64_t n : ne) number(n);
        return number(type).number(offset);
    }
    RawGguf& pad(std::size_t alignment = 32) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
        return *this;
    }
    RawGguf& zeros(std::size_t n) {
        bytes_.append(n, '\0');
        return *this;
    }

    const std::string& bytes() const { return bytes_; }

   private:
    std::string bytes_;
};

}  // namespace infinipot
