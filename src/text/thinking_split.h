#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/conversation_frame.h"

namespace infinipot {

/// Splits what a model generates into its thought and its answer. The text comes in pieces, and a
/// tag may span several of them: text is held back while it may be the beginning of a tag. The tags
/// and the blanks around them belong to neither. Without tags, everything is the answer.
class ThinkingSplit {
   public:
    struct Piece {
        std::string text;
        bool is_thinking = false;

        bool operator==(const Piece&) const = default;
    };

    ThinkingSplit() = default;

    /// begun: whether the prompt has begun the thought.
    ThinkingSplit(ThinkingTags tags, bool begun);

    /// Takes more text. Returns the pieces that are certain now, none of them empty.
    std::vector<Piece> push(std::string_view text);

    /// Returns the text that is still held back, at the end of the answer.
    std::vector<Piece> finish();

    /// Returns whether a thought has begun and not ended.
    bool is_thinking() const { return state_ == State::thinking; }

    /// Returns whether there was a thought.
    bool has_thought() const { return has_thought_; }

   private:
    enum class State {
        beginning,  ///< blanks at most
        thinking,
        behind,  ///< behind a thought, before the first words of the answer
        answering,
    };

    bool step(std::vector<Piece>& pieces);
    bool find_begin();
    bool find_end(std::vector<Piece>& pieces);
    void emit(std::vector<Piece>& pieces, std::size_t n, bool is_thinking);
    std::size_t skip_blanks();

    ThinkingTags tags_ = {};
    State state_ = State::answering;
    bool has_thought_ = false;
    bool first_of_thought_ = false;  // blanks before the first words of a thought are skipped
    std::string held_ = {};
};

}  // namespace infinipot
