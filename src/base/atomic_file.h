#pragma once

#include <filesystem>
#include <functional>

#include "base/page_memory.h"

namespace infinipot {

/// Writes a file so that its name always stands for a whole file, the old one or the new one, even
/// after a crash: `write` fills a temporary file in the same folder, which is brought to the disk
/// and then takes the name. Others cannot read the file (mode 0600). If anything fails, the
/// temporary file is removed and the old file stays.
/// @throws Error(file_error), and what `write` throws.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const PageFile&)>& write);

}  // namespace infinipot
