#include "eval/text/resumable_text.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::eval {

std::string ResumableText::name_of(const std::string& path) {
    return std::filesystem::path(path).filename().string();
}

ResumableText::ResumableText(std::string path, const TextRead& read) : source_(std::move(path)) {
    if (source_.path() != "-") skip(read);
    has_more_ = false;
}

/// Reads over the beginning, which must be what was read before.
void ResumableText::skip(const TextRead& read) {
    while (n_taken_ < read.bytes) {
        const std::uint64_t n_left = read.bytes - n_taken_;
        chunk_ = source_.next(static_cast<std::size_t>(std::min<std::uint64_t>(n_left, 65536)));
        if (chunk_.empty()) break;
        took(chunk_.size());
    }
    if (n_taken_ == read.bytes && (read.bytes == 0 || this->read().hash == read.hash)) return;
    throw Error(ErrorCode::bad_text,
                quoted_name(source_.path()) + " has changed in the " + std::to_string(read.bytes) +
                    " bytes that were read of it; give it another name to read it anew, or begin "
                    "another pot");
}

std::string_view ResumableText::next() {
    if (ended_) return {};
    chunk_ = source_.next();
    n_mark_ = n_taken_ == 0 ? TextSource::mark_bytes(chunk_) : 0;
    chunk_.remove_prefix(n_mark_);
    blank_ = blank_ && is_blank(chunk_);
    if (!chunk_.empty()) return chunk_;
    ended_ = true;
    has_added_ = has_more_ && !on_new_line_;
    return has_added_ ? "\n" : "";
}

void ResumableText::took(std::size_t n) {
    if (has_added_ || n == 0) return;
    const std::string_view taken(chunk_.data() - n_mark_, n + n_mark_);
    hasher_.add(taken);
    n_taken_ += taken.size();
    on_new_line_ = taken.back() == '\n';
    has_more_ = true;
}

TextRead ResumableText::read() const {
    return {name_of(source_.path()), n_taken_, to_hex(hasher_.hash())};
}

}  // namespace infinipot::eval
