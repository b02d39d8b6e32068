#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace infinipot::models {

/// SHA-256 of bytes that arrive in parts. Belongs to one thread at a time.
class Sha256 {
   public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void add(std::span<const std::byte> data);

    /// Returns the hash of everything added, as 64 hexadecimal digits. Call it once, at the end.
    std::string hex();

   private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Returns the SHA-256 of a file. `on_progress` is called with each number of bytes read; what it
/// throws ends the reading.
/// @throws Error(file_error) if the file cannot be read.
std::string sha256_of(const std::filesystem::path& file,
                      const std::function<void(std::size_t)>& on_progress = {});

}  // namespace infinipot::models
