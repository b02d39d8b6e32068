#include "eval/text/text_files.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view white_space = " \t\r\n\f\v";

std::string name_of(const std::string& path) {
    return path == "-" ? "the standard input" : '"' + path + '"';
}

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
    throw Error(ErrorCode::file_error, "cannot read " + name_of(path) + ": " + reason);
}

std::string reason_of(int error) { return std::generic_category().message(error); }

/// Checks that a file can be read, and returns its size if that is known before reading.
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
    validator_ = {};
}

std::string_view TextFiles::read_chunk() {
    const bool at_start = validator_.valid_bytes() == 0;
    std::string_view chunk(buffer_.data(), read_bytes());
    validator_.feed(chunk);
    if (!validator_.ok() || (chunk.empty() && !validator_.complete())) refuse_ill_formed();
    if (at_start && chunk.starts_with(byte_order_mark)) {
        chunk.remove_prefix(byte_order_mark.size());
        if (chunk.empty()) return read_chunk();
    }
    return chunk;
}

/// Reads as many bytes as fit into the buffer, or all that are left.
std::size_t TextFiles::read_bytes() {
    const std::size_t n_read = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    const int error = errno;
    if (std::ferror(file_.get()) == 0) return n_read;
    if (error == EINTR) throw Error(ErrorCode::interrupted, "interrupted while reading");
    fail(path(), reason_of(error));
}

void TextFiles::refuse_ill_formed() const {
    throw Error(ErrorCode::bad_text, name_of(path()) + " is not UTF-8 at byte " +
                                         std::to_string(validator_.valid_bytes()) +
                                         "; convert it first, for example with iconv");
}

std::string_view TextFiles::noted(std::string_view chunk) {
    blank_ = blank_ && chunk.find_first_not_of(white_space) == std::string_view::npos;
    on_new_line_ = chunk.back() == '\n';
    return chunk;
}

std::string read_all(const std::string& file) {
    TextFiles texts({file});
    std::string text;
    for (std::string_view part = texts.next(); !part.empty(); part = texts.next()) text += part;
    if (!texts.blank()) return text;
    throw Error(ErrorCode::bad_text, "there is no text in " + texts.names());
}

}  // namespace infinipot::eval
