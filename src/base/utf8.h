#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// UTF-8 in pieces: chunks of input and tokens of output may both cut a character. Decoding is
/// strict: overlong forms, surrogates and code points above U+10FFFF are ill-formed.
namespace infinipot {

/// Reads one byte at a time and knows which bytes may follow.
class Utf8Decoder {
   public:
    enum class Step {
        complete,    ///< the byte ends a character
        incomplete,  ///< the byte belongs to a character that needs more bytes
        ill_formed,  ///< the byte cannot stand here; the decoder is at a character boundary again
    };

    Step step(unsigned char byte);

    bool at_boundary() const { return n_missing_ == 0; }

    /// A range of Unicode code points.
    struct Range {
        char32_t first = 0, last = 0;
    };

    /// Returns the characters that the bytes since the last boundary may become. At a boundary that
    /// is the character that ended there.
    Range characters() const;

   private:
    Step lead(unsigned char byte);
    Step expect(int n_missing, unsigned char low = 0x80, unsigned char high = 0xBF);

    char32_t value_ = 0;        ///< of the bytes so far
    int n_missing_ = 0;         ///< continuation bytes still to come
    unsigned char low_ = 0x80;  ///< bounds of the next one
    unsigned char high_ = 0xBF;
};

/// Validates a stream that arrives in chunks.
///
///     if (!validator.feed(chunk)) fail_at(validator.valid_bytes());
///     if (end_of_stream && !validator.complete()) fail_at(validator.valid_bytes());
class Utf8Validator {
   public:
    Utf8Validator() = default;

    /// Begins at a character boundary, after `n_bytes` of the stream.
    explicit Utf8Validator(std::uint64_t n_bytes) : n_bytes_(n_bytes), valid_bytes_(n_bytes) {}

    /// Reads `chunk` as the next part of the stream. Returns false at the first ill-formed
    /// sequence, and again for every chunk until restart(). Nothing behind that sequence is read.
    bool feed(std::string_view chunk);

    /// Length of the longest prefix of the stream that consists of whole, valid characters. After a
    /// failure this is the stream offset of the first byte of the ill-formed sequence, which may
    /// lie in an earlier chunk.
    std::uint64_t valid_bytes() const { return valid_bytes_; }

    bool ok() const { return ok_; }

    /// Returns whether the stream may end here: it is valid so far and ends on a character
    /// boundary.
    bool complete() const { return ok_ && decoder_.at_boundary(); }

    /// Forgets everything after valid_bytes(). The next chunk continues there.
    void restart();

   private:
    Utf8Decoder decoder_;
    std::uint64_t n_bytes_ = 0;
    std::uint64_t valid_bytes_ = 0;
    bool ok_ = true;
};

/// @throws Error(bad_text), "`name` is not UTF-8 at byte 3", unless all of `text` is valid.
void require_utf8(std::string_view text, const std::string& name);

/// Returns the length of the longest prefix of `text` that ends on a character boundary. It is all
/// of `text`, except for a last character whose end has not arrived: at most 3 bytes. Ill-formed
/// bytes count as characters, so that a stream of them never stalls.
std::size_t utf8_complete_prefix(std::string_view text);

/// Returns `text` with every ill-formed sequence replaced by U+FFFD, one per maximal subpart
/// (Unicode 15 §3.9), as browsers do. A character that is cut off at the end counts as one.
std::string replace_ill_formed_utf8(std::string_view text);

}  // namespace infinipot
