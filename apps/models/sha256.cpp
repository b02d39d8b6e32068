#include "models/sha256.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/system_reason.h"
#include "infinipot/error.h"

extern "C" {
#include "sha256/sha256.h"
}

namespace infinipot::models {

struct Sha256::State {
    sha256_t of_library;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { sha256_init(&state_->of_library); }
Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> data) {
    sha256_update(&state_->of_library, reinterpret_cast<const unsigned char*>(data.data()),
                  data.size());
}

std::string Sha256::hex() {
    std::array<unsigned char, SHA256_DIGEST_SIZE> digest;
    sha256_final(&state_->of_library, digest.data());
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string sha256_of(const std::filesystem::path& path,
                      const std::function<void(std::size_t)>& on_progress) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                               std::fclose);
    const auto fail = [&] {
        throw Error(ErrorCode::file_error,
                    "cannot read " + path.string() + ": " + system_reason(errno));
    };
    if (!file) fail();
    Sha256 hash;
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        hash.add(std::span(buffer).first(n));
        if (on_progress) on_progress(n);
    }
    if (std::ferror(file.get()) != 0) fail();
    return hash.hex();
}

}  // namespace infinipot::models
