#include "eval/text/stored_pot.h"

#include <algorithm>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::eval {

StoredPot::StoredPot(Session session, std::vector<TextRead> texts)
    : session_(std::move(session)),
      texts_(std::move(texts)),
      n_before_(session_.stats().bytes_read) {}

StoredPot StoredPot::open_or_make(const Model& model, const std::filesystem::path& path,
                                  const SessionOptions& options) {
    if (path.empty() || !std::filesystem::exists(path)) return StoredPot(Session(model, options));
    return StoredPot(Session::restore(model, path, {.n_threads = options.n_threads}),
                     read_snapshot_info(path).texts);
}

std::optional<std::uint64_t> StoredPot::total_bytes(const std::vector<std::string>& files) const {
    std::optional<std::uint64_t> total = n_before_;
    for (const std::string& file : files) {
        const auto size = check_readable(file);
        if (!size || !total)
            total = std::nullopt;
        else
            *total += *size - std::min(*size, bytes_read_of(file));
    }
    return total;
}

bool StoredPot::read(const std::string& path, const IngestOptions& options,
                     const std::function<void()>& between) {
    TextRead& entry = entry_of(path);
    ResumableText text(path, entry);
    for (auto chunk = text.next(); !chunk.empty(); chunk = text.next()) {
        take(chunk, text, entry, options);
        blank_ = blank_ && text.blank();
        if (between) between();
    }
    return !text.blank();
}

/// Reads a chunk, and notes how much of it was read, before an error too.
void StoredPot::take(std::string_view chunk, ResumableText& text, TextRead& entry,
                     const IngestOptions& options) {
    const std::uint64_t before = session_.stats().bytes_read;
    try {
        session_.ingest(chunk, options);
    } catch (const Error&) {
        text.took(static_cast<std::size_t>(session_.stats().bytes_read - before));
        entry = text.read();
        throw;
    }
    text.took(chunk.size());
    entry = text.read();
}

std::uint64_t StoredPot::bytes_read_of(const std::string& path) const {
    const auto text = std::ranges::find(texts_, ResumableText::name_of(path), &TextRead::name);
    return text == texts_.end() ? 0 : text->bytes;
}

TextRead& StoredPot::entry_of(const std::string& path) {
    const std::string name = ResumableText::name_of(path);
    for (TextRead& text : texts_)
        if (text.name == name && name != "-") return text;
    return texts_.emplace_back(TextRead{.name = name});
}

}  // namespace infinipot::eval
