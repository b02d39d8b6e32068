#pragma once

#include <filesystem>
#include <string_view>

namespace infinipot {

/// A new, empty folder that is removed with all that is in it at the end of the scope.
class TempDir {
   public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

    /// Writes a file called `name` with these bytes and returns its path.
    std::filesystem::path write(std::string_view name, std::string_view bytes) const;

   private:
    std::filesystem::path path_;
};

}  // namespace infinipot
