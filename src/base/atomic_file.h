#pragma once

#include <filesystem>
#include <functional>

#include "base/page_memory.h"

namespace infinipot {

/// What becomes of a file that already has the name.
enum class OlderFile { is_replaced, stays };

/// Writes a file so that its name always stands for a whole file, the old one or the new one, even
/// after a crash: `write` fills a temporary file in the same folder, which is brought to the disk
/// and then takes the name. Others cannot read the file (mode 0600). If anything fails, the
/// temporary file is removed and the old file stays. The temporary file of a process that was
/// killed stays until the same file is written again; it is called like the file and `.unfinished-`
/// with six characters more.
/// @throws Error(file_error), also if there is a file that must stay; and what `write` throws.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const PageFile&)>& write,
                      OlderFile older = OlderFile::is_replaced);

}  // namespace infinipot
