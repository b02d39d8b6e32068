#include "models/hub/hub_download.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <mutex>
#include <span>
#include <system_error>

#include "base/page_memory.h"
#include "base/system_reason.h"
#include "infinipot/error.h"
#include "models/hub/hub_request.h"
#include "models/sha256.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::file_error, sentence);
}

PageFile open_locked(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    PageFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (file.descriptor() < 0) fail("cannot write " + path.string() + ": " + system_reason(errno));
    if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        fail("another program is writing " + path.string());
    return file;
}

/// Writes the responses of the Hub to a file. The receiving functions run on another thread than
/// the others; what goes wrong there is thrown by poll().
class Sink {
   public:
    Sink(fs::path path, std::uint64_t total)
        : path_(std::move(path)), file_(open_locked(path_)), total_(total), n_(file_.size()) {
        if (n_ > total_) begin_again();
    }

    std::uint64_t n() const { return n_; }
    const fs::path& path() const { return path_; }

    HttpHeaders headers() {
        n_at_try_ = n_;
        if (n_ == 0) return {};
        return {{"range", "bytes=" + std::to_string(n_) + '-'}};
    }

    /// A server may send the whole file although a part of it was asked for.
    bool on_head(const HttpHead& head) {
        return guarded([&] {
            const std::string range = head.header("content-range");
            const bool goes_on =
                head.status == 206 && range.starts_with("bytes " + std::to_string(n_) + '-');
            if (head.status == 206 && !goes_on) fail("the Hub sends another part of the file");
            if (!goes_on && n_ > 0) begin_again();
        });
    }

    bool on_data(std::string_view data) {
        return guarded([&] {
            if (data.size() > total_ - n_)
                fail("the Hub sends more than the " + std::to_string(total_) +
                     " bytes that it states");
            file_.write(std::as_bytes(std::span(data)), n_);
            n_ += data.size();
        });
    }

    void poll() {
        const std::lock_guard lock(mutex_);
        if (failure_) std::rethrow_exception(failure_);
    }

    bool has_advanced() const { return n_ > n_at_try_; }

    void sync() const {
        if (::fdatasync(file_.descriptor()) != 0)
            fail("cannot write " + path_.string() + ": " + system_reason(errno));
    }

   private:
    void begin_again() {
        if (::ftruncate(file_.descriptor(), 0) != 0)
            fail("cannot write " + path_.string() + ": " + system_reason(errno));
        n_ = 0;
    }

    template <typename Action>
    bool guarded(Action action) {
        try {
            action();
            return true;
        } catch (...) {
            const std::lock_guard lock(mutex_);
            failure_ = std::current_exception();
            return false;
        }
    }

    fs::path path_;
    PageFile file_;
    std::uint64_t total_;
    std::atomic<std::uint64_t> n_;
    std::uint64_t n_at_try_ = 0;
    std::mutex mutex_;
    std::exception_ptr failure_;
};

/// Returns the SHA-256 that a header states; empty if it states none.
std::string stated_hash(const HttpHead& head) {
    std::string hash = head.header("x-linked-etag");
    std::erase(hash, '"');
    return is_hash(hash, 64) ? hash : "";
}

class Download {
   public:
    Download(const HubAccess& access, const std::string& repository, const std::string& commit,
             const HubFile& file, const fs::path& target,
             const std::function<void(std::uint64_t)>& on_bytes)
        : access_(access),
          file_(file),
          target_(target),
          on_bytes_(on_bytes),
          sink_(target.string() + ".incomplete", file.bytes),
          url_(access.url('/' + escaped_path(repository) + "/resolve/" + commit + '/' +
                          escaped_path(file.path))),
          what_("the file " + file.path + " of " + repository) {}

    void run() {
        std::string hash = is_hash(file_.id, 64) ? file_.id : "";
        if (sink_.n() < file_.bytes) {
            const std::string stated = stated_hash(load());
            if (hash.empty()) hash = stated;
            if (!stated.empty() && stated != hash)
                fail("the Hub states two different hashes of " + what_);
        }
        check(hash);
        std::error_code error;
        fs::rename(sink_.path(), target_, error);
        if (error) fail("cannot write " + target_.string() + ": " + error.message());
    }

   private:
    HttpHead load() {
        HubRequest request = {.url = url_, .what = what_};
        request.headers = [&] { return sink_.headers(); };
        request.receiver = {[&](const HttpHead& head) { return sink_.on_head(head); },
                            [&](std::string_view data) { return sink_.on_data(data); }};
        request.has_advanced = [&] { return sink_.has_advanced(); };
        request.poll = [&] {
            sink_.poll();
            on_bytes_(sink_.n());
        };
        return hub_get(access_, request);
    }

    void check(const std::string& hash) {
        sink_.sync();
        if (sink_.n() < file_.bytes)
            refuse(" has " + std::to_string(sink_.n()) + " bytes and not " +
                   std::to_string(file_.bytes));
        if (hash.empty()) return;  // a small file, which has no SHA-256
        const std::string real =
            sha256_of(sink_.path(), [&](std::size_t) { on_bytes_(file_.bytes); });
        if (real != hash) refuse(" has SHA-256 " + real + " and not " + hash);
    }

    [[noreturn]] void refuse(const std::string& what) {
        std::error_code ignored;
        fs::remove(sink_.path(), ignored);
        fail(what_ + what + "; nothing of it is kept");
    }

    const HubAccess& access_;
    const HubFile& file_;
    const fs::path& target_;
    const std::function<void(std::uint64_t)>& on_bytes_;
    Sink sink_;
    Url url_;
    std::string what_;
};

}  // namespace

void download_hub_file(const HubAccess& access, const std::string& repository,
                       const std::string& commit, const HubFile& file, const fs::path& target,
                       const std::function<void(std::uint64_t)>& on_bytes) {
    Download(access, repository, commit, file, target, on_bytes).run();
}

}  // namespace infinipot::models
