#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/page_memory.h"

namespace infinipot::models {

/// A download that has not ended: the hidden folder .NAME.unfinished next to the model, with the
/// parts that are here in one file. It stays when the program ends, and the next download goes on
/// behind the last whole part. One process at a time may have it.
class Unfinished {
   public:
    /// Begins a download, or goes on with the one that is there.
    /// @throws Error(file_error) if the folder cannot be written, or another process has it.
    Unfinished(const std::filesystem::path& folder, const std::string& name);

    /// Leaves the parts for the next download; without any, it leaves nothing.
    ~Unfinished() {
        if (sizes_.empty()) remove();
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;

    /// Returns the folder of the unfinished download of a model, which need not exist.
    static std::filesystem::path folder_for(const std::filesystem::path& folder,
                                            const std::string& name);

    std::filesystem::path file() const { return folder_ / "model"; }
    int n_parts() const { return static_cast<int>(sizes_.size()); }
    std::uint64_t bytes() const { return sizes_.empty() ? 0 : sizes_.back(); }

    /// Returns an empty folder for the part that is being loaded.
    std::filesystem::path empty_work_folder() const;
    std::filesystem::path work_folder() const { return folder_ / "work"; }

    /// Adds the next part, a whole file, and removes that file.
    /// @throws Error(file_error), for instance if the disk is full; then the part is not added.
    void add(const std::filesystem::path& part);

    /// Removes all of it.
    void remove();

   private:
    std::filesystem::path sizes_file() const { return folder_ / "parts"; }
    void read_sizes();
    void write_sizes() const;

    std::filesystem::path folder_;
    PageFile lock_{-1};
    std::vector<std::uint64_t> sizes_;  ///< after each whole part, of all parts up to it
};

}  // namespace infinipot::models
