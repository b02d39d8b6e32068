#include "eval/text/text_source.h"

#include <unistd.h>

#include <algorithm>
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

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
    throw Error(ErrorCode::file_error, "cannot read " + quoted_name(path) + ": " + reason);
}

std::string reason_of(int error) { return std::generic_category().message(error); }

}  // namespace

std::string quoted_name(const std::string& path) {
    return path == "-" ? "the standard input" : '"' + path + '"';
}

std::optional<std::uint64_t> check_readable(const std::string& path) {
    if (path == "-") return std::nullopt;
    if (::access(path.c_str(), R_OK) != 0) fail(path, reason_of(errno));
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) fail(path, "it is a folder, not a text");
    if (!fs::is_regular_file(path, ignored)) return std::nullopt;
    const auto size = fs::file_size(path, ignored);
    return ignored ? std::nullopt : std::optional<std::uint64_t>(size);
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(white_space) == std::string_view::npos;
}

void TextSource::Close::operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
}

TextSource::TextSource(std::string path)
    : path_(std::move(path)), file_(path_ == "-" ? stdin : std::fopen(path_.c_str(), "rb")) {
    if (!file_) fail(path_, reason_of(errno));
    check_readable(path_);  // a folder can be opened
}

std::string_view TextSource::next(std::size_t n_most) {
    const std::string_view chunk(buffer_.data(), read(std::min(n_most, buffer_.size())));
    validator_.feed(chunk);
    if (validator_.ok() && (!chunk.empty() || validator_.complete())) return chunk;
    throw Error(ErrorCode::bad_text, quoted_name(path_) + " is not UTF-8 at byte " +
                                         std::to_string(validator_.valid_bytes()) +
                                         "; convert it first, for example with iconv");
}

std::size_t TextSource::read(std::size_t n_most) {
    const std::size_t n_read = std::fread(buffer_.data(), 1, n_most, file_.get());
    const int error = errno;
    if (std::ferror(file_.get()) == 0) return n_read;
    if (error == EINTR) throw Error(ErrorCode::interrupted, "interrupted while reading");
    fail(path_, reason_of(error));
}

std::size_t TextSource::mark_bytes(std::string_view chunk) {
    return chunk.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
}

}  // namespace infinipot::eval
