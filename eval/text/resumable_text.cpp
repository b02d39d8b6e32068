#include "eval/text/resumable_text.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::eval {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[noreturn]] void fail(const std::string& path, int error) {
    throw Error(ErrorCode::file_error,
                path + " cannot be read: " + std::generic_category().message(error));
}

}  // namespace

void ResumableText::Close::operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
}

std::string ResumableText::name_of(const std::string& path) {
    return std::filesystem::path(path).filename().string();
}

ResumableText::ResumableText(std::string path, const TextRead& read) : path_(std::move(path)) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path_, ignored)) fail(path_, EISDIR);
    file_.reset(path_ == "-" ? stdin : std::fopen(path_.c_str(), "rb"));
    if (!file_) fail(path_, errno);
    if (path_ != "-") skip(read);
    has_more_ = false;
}

/// Reads over the beginning, which must be what was read before.
void ResumableText::skip(const TextRead& read) {
    while (n_taken_ < read.bytes) {
        const std::size_t wanted = std::min<std::uint64_t>(buffer_.size(), read.bytes - n_taken_);
        const std::size_t n = std::fread(buffer_.data(), 1, wanted, file_.get());
        if (n == 0) break;
        chunk_ = {buffer_.data(), n};
        took(n);
    }
    if (std::ferror(file_.get()) != 0) fail(path_, errno);
    if (n_taken_ == read.bytes && (read.bytes == 0 || this->read().hash == read.hash)) return;
    throw Error(ErrorCode::bad_text,
                path_ + " has changed in the " + std::to_string(read.bytes) +
                    " bytes that were read of it; give it another name to read it anew, or begin "
                    "another pot");
}

std::string_view ResumableText::next() {
    if (ended_) return {};
    n_mark_ = 0;
    chunk_ = read_bytes();
    if (n_taken_ == 0 && chunk_.starts_with(byte_order_mark)) {
        n_mark_ = byte_order_mark.size();
        chunk_.remove_prefix(n_mark_);
    }
    if (!chunk_.empty()) return chunk_;
    ended_ = true;
    has_added_ = has_more_ && !on_new_line_;
    return has_added_ ? "\n" : "";
}

std::string_view ResumableText::read_bytes() {
    const std::size_t n = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    const int error = errno;
    if (std::ferror(file_.get()) == 0) return {buffer_.data(), n};
    if (error == EINTR) throw Error(ErrorCode::interrupted, "interrupted while reading");
    fail(path_, error);
}

void ResumableText::took(std::size_t n) {
    if (has_added_ || n == 0) return;
    const std::string_view taken(chunk_.data() - n_mark_, n + n_mark_);
    hasher_.add(taken);
    n_taken_ += taken.size();
    on_new_line_ = taken.back() == '\n';
    has_more_ = true;
}

TextRead ResumableText::read() const { return {name_of(path_), n_taken_, to_hex(hasher_.hash())}; }

}  // namespace infinipot::eval
