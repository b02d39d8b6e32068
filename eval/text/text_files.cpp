#include "eval/text/text_files.h"

#include <utility>

#include "infinipot/error.h"

namespace infinipot::eval {

TextFiles::TextFiles(std::vector<std::string> paths) : paths_(std::move(paths)), total_bytes_(0) {
    for (const std::string& path : paths_) {
        const auto size = check_readable(path);
        total_bytes_ = total_bytes_ && size ? std::optional(*total_bytes_ + *size) : std::nullopt;
    }
}

std::string TextFiles::names() const {
    std::string names;
    for (const std::string& path : paths_) names += (names.empty() ? "" : ", ") + quoted_name(path);
    return names;
}

std::string_view TextFiles::next() {
    for (;;) {
        if (source_) {
            const std::string_view chunk = read_chunk();
            if (!chunk.empty()) return noted(chunk);
            source_.reset();
        }
        if (n_opened_ == paths_.size()) return {};
        source_.emplace(paths_[n_opened_++]);
        at_start_ = true;
        if (!on_new_line_) return noted("\n");
    }
}

std::string_view TextFiles::read_chunk() {
    std::string_view chunk = source_->next();
    if (!std::exchange(at_start_, false)) return chunk;
    chunk.remove_prefix(TextSource::mark_bytes(chunk));
    return chunk.empty() ? source_->next() : chunk;
}

std::string_view TextFiles::noted(std::string_view chunk) {
    blank_ = blank_ && is_blank(chunk);
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
