#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/control_words.h"
#include "text/prompt_part.h"

namespace infinipot {

/// Keeps the control words that messages say apart from those that a template writes. The Jinja
/// engine marks what comes from messages, but loses the mark of a text that a template splits or
/// quotes as JSON. So a character that occurs in no message is put into each control word before
/// the template runs, and removed afterwards.
class ControlGuard {
   public:
    /// @param words of the vocabulary, which must outlive the guard
    /// @param said all that messages and tools say
    /// @throws Error(invalid_argument) if `said` has all 32 characters that may serve.
    ControlGuard(const ControlWords& words, std::string_view said);

    /// Returns `text` with the guard behind the first character of each control word.
    std::string guarded(std::string_view text) const;

    /// Returns the parts without guards. The character before a guard becomes input, so that its
    /// word is none that the template wrote.
    std::vector<PromptPart> unguarded(std::span<const PromptPart> parts) const;

   private:
    void append_unguarded(std::vector<PromptPart>& parts, const PromptPart& part) const;

    const ControlWords& words_;
    std::string guard_;    ///< U+FDD0 or one of the 31 after it, which are not for text
    std::string escaped_;  ///< its spelling in JSON of ASCII alone
};

}  // namespace infinipot
