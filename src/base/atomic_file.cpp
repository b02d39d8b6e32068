#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include "base/system_reason.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, int error) {
    throw Error(ErrorCode::file_error,
                path.string() + " cannot be written: " + system_reason(error));
}

/// Renames a file unless there is one of the other name. Some file systems cannot do both at once.
int rename_to_new(const char* from, const char* to) {
    const int status = ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (status == 0 || (errno != EINVAL && errno != ENOSYS)) return status;
    struct stat existing = {};
    if (::lstat(to, &existing) != 0) return ::rename(from, to);
    errno = EEXIST;
    return -1;
}

constexpr std::string_view marker = ".unfinished-";
constexpr std::string_view random_part = "XXXXXX";

bool has_name(const PageFile& file) {
    struct stat status = {};
    return ::fstat(file.descriptor(), &status) == 0 && status.st_nlink > 0;
}

/// Makes a file that nobody else has, and removes it unless it is given its final name. The file is
/// locked, which tells other processes that somebody is still writing it.
class TemporaryFile {
   public:
    explicit TemporaryFile(const fs::path& final_path) {
        do {
            path_ = final_path.string().append(marker).append(random_part);
            file_ = PageFile(::mkostemp(path_.data(), O_CLOEXEC));
            if (file_.descriptor() < 0) fail(final_path, errno);
            ::flock(file_.descriptor(), LOCK_EX);  // not every file system can
        } while (!has_name(file_));  // somebody took it for left over before it was locked
    }
    ~TemporaryFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const PageFile& file() const { return file_; }

    void rename(const fs::path& path, OlderFile older) {
        if (::fsync(file_.descriptor()) != 0) fail(path, errno);
        const int status = older == OlderFile::stays ? rename_to_new(path_.c_str(), path.c_str())
                                                     : ::rename(path_.c_str(), path.c_str());
        if (status != 0) fail(path, errno);
        path_.clear();
    }

   private:
    std::string path_;
    PageFile file_{-1};
};

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Removes the temporary files for `path` of processes that were killed.
void remove_left_over(const fs::path& path) {
    const std::string start = path.filename().string().append(marker);
    std::error_code error;
    for (fs::directory_iterator i(folder_of(path), error); !error && i != fs::directory_iterator();
         i.increment(error)) {
        const std::string name = i->path().filename().string();
        if (name.size() != start.size() + random_part.size() || !name.starts_with(start)) continue;
        const PageFile file(
            ::open(i->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (file.descriptor() < 0 || ::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) continue;
        ::unlink(i->path().c_str());
    }
}

/// Brings a folder's list of names to the disk.
void sync_folder(const fs::path& path) {
    const PageFile file(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (file.descriptor() >= 0) ::fsync(file.descriptor());  // not every file system can
}

}  // namespace

void write_atomically(const fs::path& path, const std::function<void(const PageFile&)>& write,
                      OlderFile older) {
    if (fs::is_directory(path)) fail(path, EISDIR);
    remove_left_over(path);
    TemporaryFile temporary(path);
    try {
        write(temporary.file());
    } catch (const Error& error) {
        if (error.code() != ErrorCode::file_error) throw;
        throw Error(ErrorCode::file_error, path.string() + " cannot be written: " + error.what());
    }
    temporary.rename(path, older);
    sync_folder(path);
}

}  // namespace infinipot
