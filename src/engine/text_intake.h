#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/state_archive.h"
#include "base/utf8.h"
#include "infinipot/model.h"
#include "text/segmenter.h"

namespace infinipot {

/// Turns a stream of text into tokens, which wait until they are read. The tokens depend on the
/// bytes alone, never on how append() calls cut them. Belongs to one thread at a time.
class TextIntake {
   public:
    /// Turns a segment of text into tokens; called on the thread that adds text.
    using Tokenize = std::function<std::vector<Token>(std::string_view segment)>;

    /// Text to append at one time: enough for a segment, so that little waits.
    static constexpr std::size_t append_bytes = Segmenter::segment_bytes;

    /// The stream begins with the tokens of `opening`.
    TextIntake(Tokenize tokenize, std::vector<Token> opening);

    /// Makes the opening wait, the first time it is called.
    void begin_stream();

    /// Begins the stream without the opening, for a prompt that has it.
    void begin_without_opening() { begun_ = true; }
    bool has_begun() const { return begun_; }

    /// Makes tokens wait behind a text that has ended.
    void append_tokens(std::span<const Token> tokens);

    /// Takes the whole characters of `text`. The first bytes of a cut character wait for the next
    /// call.
    /// @throws Error(bad_text) at the first byte that is not UTF-8; everything before it is taken.
    void append(std::string_view text);

    /// Ends the text: makes tokens of everything that is not cut into segments yet.
    /// @throws Error(bad_text) if the text ends inside a character, which is then forgotten.
    void end_text();

    /// Forgets the first bytes of a cut character. The caller appends again from bytes_read() on.
    void forget_cut_character();

    /// Returns the tokens that wait, in reading order; valid until the next call that changes them.
    std::span<const Token> waiting() const { return waiting_; }

    /// Removes n waiting tokens from `first` on.
    void remove(std::size_t first, std::size_t n);

    /// Returns the bytes of whole characters taken so far.
    std::uint64_t bytes_read() const { return validator_.valid_bytes(); }

    /// Writes or reads the text and the tokens that wait, of a vocabulary of n_vocab tokens.
    void serialize(StateArchive& archive, int n_vocab);

    /// Estimates how many bytes were read as tokens, if `n_read` tokens were and `n_waiting` are
    /// left, at least one in all. Exact once none is left.
    std::uint64_t bytes_of_tokens(std::uint64_t n_read, std::size_t n_waiting) const;

   private:
    void add_tokens(std::string_view segment);

    Tokenize tokenize_;
    std::vector<Token> opening_;
    bool begun_ = false;
    Utf8Validator validator_;
    std::string cut_off_;  // the first bytes of a character whose end has not come
    Segmenter segmenter_;
    std::vector<Token> waiting_;
};

}  // namespace infinipot
