#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/text/resumable_text.h"
#include "infinipot/session.h"

namespace infinipot::eval {

/// A session and the texts that it has read, which a snapshot keeps together. Reading goes on where
/// it stopped. Belongs to one thread at a time.
class StoredPot {
   public:
    /// Takes over a session that has read `texts`, or nothing.
    explicit StoredPot(Session session, std::vector<TextRead> texts = {});

    /// Opens the pot in a file, or makes one with `options` if there is no such file.
    /// @throws as Session::restore() and Session::Session() do
    static StoredPot open_or_make(const Model& model, const std::filesystem::path& path,
                                  const SessionOptions& options);

    Session& session() { return session_; }
    const Session& session() const { return session_; }
    const std::vector<TextRead>& texts() const { return texts_; }

    /// Returns the bytes that will have been read of all texts; nothing if they are unknown.
    /// @throws Error(file_error) if one of them is not readable
    std::optional<std::uint64_t> total_bytes(const std::vector<std::string>& files) const;

    /// Reads the rest of a text. `between` is called between its chunks and may throw or save().
    /// After an error, reading can go on from there. Returns whether more than white space was
    /// read.
    /// @throws as ResumableText and Session::ingest() do
    bool read(const std::string& path, const IngestOptions& options,
              const std::function<void()>& between = {});

    /// Returns how much of a text was read so far; 0 if it is not known.
    std::uint64_t bytes_read_of(const std::string& path) const;

    /// @throws as Session::save() does
    void save(const std::filesystem::path& path) { session_.save(path, texts_); }

    /// Returns whether nothing but white space was read since it was made.
    bool blank() const { return blank_; }

    /// Returns whether something was read since it was made.
    bool has_read() const { return session_.stats().bytes_read > n_before_; }

   private:
    TextRead& entry_of(const std::string& path);
    void take(std::string_view chunk, ResumableText& text, TextRead& entry,
              const IngestOptions& options);

    Session session_;
    std::vector<TextRead> texts_;
    std::uint64_t n_before_;
    bool blank_ = true;
};

}  // namespace infinipot::eval
