#include "text_files.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "infinipot/error.h"
#include "utf8.h"

namespace infinipot::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_bytes = 4096;  // about a thousand tokens: progress counts whole chunks
constexpr std::size_t longest_character = 4;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view white_space = " \t\r\n\f\v";

std::string name_of(const std::string& path) {
    return path == "-" ? "the standard input" : '"' + path + '"';
}

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
    throw Error(ErrorCode::file_error, "cannot read " + name_of(path) + ": " + reason);
}

std::string reason_of(int error) { return std::generic_category().message(error); }

/// Its size, if it is known before it is read.
std::optional<std::uint64_t> check_readable(const std::string& path) {
    if (path == "-") return std::nullopt;
    if (::access(path.c_str(), R_OK) != 0) fail(path, reason_of(errno));
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) fail(path, "it is a folder, not a text");
    if (!fs::is_regular_file(path, ignored)) return std::nullopt;
    const auto size = fs::file_size(path, ignored);
    return ignored ? std::nullopt : std::optional<std::uint64_t>(size);
}

}  // namespace

void TextFiles::Close::operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
}

TextFiles::TextFiles(std::vector<std::string> paths) : paths_(std::move(paths)), total_bytes_(0) {
    for (const std::string& path : paths_) {
        const auto size = check_readable(path);
        total_bytes_ = total_bytes_ && size ? std::optional(*total_bytes_ + *size) : std::nullopt;
    }
}

std::string TextFiles::names() const {
    std::string names;
    for (const std::string& path : paths_) names += (names.empty() ? "" : ", ") + name_of(path);
    return names;
}

std::string_view TextFiles::next() {
    for (;;) {
        if (file_) {
            const std::string_view chunk = read_chunk();
            if (!chunk.empty()) return noted(chunk);
            file_.reset();
        }
        if (n_opened_ == paths_.size()) return {};
        open_next();
        if (!on_new_line_) return noted("\n");
    }
}

void TextFiles::open_next() {
    ++n_opened_;
    file_.reset(path() == "-" ? stdin : std::fopen(path().c_str(), "rb"));
    if (!file_) fail(path(), reason_of(errno));
    buffer_.clear();
    n_given_ = 0;
    offset_ = 0;
}

/// A character whose end has not come yet stays in the buffer for the next chunk.
std::string_view TextFiles::read_chunk() {
    std::string_view chunk;
    std::size_t n_read = 0;
    do {
        buffer_.erase(0, n_given_);
        offset_ += n_given_;
        n_read = read_more();
        n_given_ = valid_utf8_prefix(buffer_);
        refuse_ill_formed(n_read == 0);
        chunk = without_mark(std::string_view(buffer_).substr(0, n_given_));
    } while (chunk.empty() && n_read > 0);
    return chunk;
}

std::size_t TextFiles::read_more() {
    const std::size_t n_waiting = buffer_.size();
    buffer_.resize(chunk_bytes);
    const std::size_t n_read =
        std::fread(buffer_.data() + n_waiting, 1, chunk_bytes - n_waiting, file_.get());
    const int error = errno;
    buffer_.resize(n_waiting + n_read);
    if (std::ferror(file_.get()) == 0) return n_read;
    if (error == EINTR) throw Error(ErrorCode::interrupted, "interrupted while reading");
    fail(path(), reason_of(error));
}

void TextFiles::refuse_ill_formed(bool at_end) const {
    const std::size_t n_left = buffer_.size() - n_given_;
    if (n_left < longest_character && !(at_end && n_left > 0)) return;
    throw Error(ErrorCode::bad_text, name_of(path()) + " is not UTF-8 at byte " +
                                         std::to_string(offset_ + n_given_) +
                                         "; convert it first, for example with iconv");
}

std::string_view TextFiles::without_mark(std::string_view chunk) const {
    if (offset_ == 0 && chunk.starts_with(byte_order_mark)) {
        chunk.remove_prefix(byte_order_mark.size());
    }
    return chunk;
}

std::string_view TextFiles::noted(std::string_view chunk) {
    blank_ = blank_ && chunk.find_first_not_of(white_space) == std::string_view::npos;
    on_new_line_ = chunk.back() == '\n';
    return chunk;
}

}  // namespace infinipot::cli
