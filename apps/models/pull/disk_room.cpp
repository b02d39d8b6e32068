#include "models/pull/disk_room.h"

#include <string>
#include <system_error>

#include "base/byte_size.h"
#include "infinipot/error.h"

namespace infinipot::models {

namespace fs = std::filesystem;

void require_disk_room(const fs::path& folder, std::uint64_t bytes) {
    std::error_code unknown;
    const fs::space_info space = fs::space(folder, unknown);
    if (unknown || space.available >= bytes) return;
    throw Error(ErrorCode::file_error, folder.string() + " needs " + format_byte_size(bytes) +
                                           " of free disk space and has " +
                                           format_byte_size(space.available));
}

std::uint64_t bytes_below(const fs::path& folder) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator i(folder, error);
         !error && i != fs::recursive_directory_iterator(); i.increment(error)) {
        std::error_code gone;
        if (!fs::is_regular_file(i->symlink_status(gone))) continue;
        const std::uintmax_t size = i->file_size(gone);
        if (!gone) bytes += size;
    }
    return bytes;
}

}  // namespace infinipot::models
