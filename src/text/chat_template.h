#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/message.h"
#include "text/control_words.h"
#include "text/prompt_part.h"
#include "text/template_limits.h"

namespace infinipot {

/// A model's own chat template, a Jinja program that writes messages as the model was trained to
/// read them. Run by llama.cpp's Jinja engine (common/jinja), with llama.cpp's adaptations for
/// templates that lack a system role or want another shape of a message. Immutable: any thread may
/// use it.
class ChatTemplate {
   public:
    struct Vocabulary {
        std::string begin_of_text = {};  ///< the word for BOS, or nothing
        std::string end_of_text = {};    ///< the word for EOS, or nothing
        bool adds_begin = false;         ///< whether BOS precedes every prompt: rendered without it
        bool adds_end = false;           ///< whether EOS ends every prompt: rendered without it
        ControlWords control_words = {};  ///< recognised in no message
    };

    struct Options {
        bool add_generation_prompt = true;  ///< end with the beginning of an answer
        bool enable_thinking = true;        ///< for models that can think before they answer
        std::string tools = {};             ///< a JSON array of tools in OpenAI's form, or nothing
        std::int64_t time = 0;  ///< seconds since 1970, for templates that name the date
    };

    /// Parses the source of a template and runs it some times, to see what it supports.
    /// @throws Error(unsupported_model) if it is no Jinja template; the sentence says why.
    /// @throws Error(unsupported_model) if it exceeds a limit.
    ChatTemplate(const std::string& source, Vocabulary vocabulary,
                 const TemplateLimits& limits = {});
    ~ChatTemplate();
    ChatTemplate(ChatTemplate&&) noexcept;

    /// Returns the program's text.
    const std::string& source() const;

    /// Returns the prompt of a conversation. Neighbouring parts differ in is_input.
    /// Control words that a message says are never wholly in a part that the template wrote.
    /// @throws Error(invalid_argument) if a role is not one that Message lists.
    /// @throws Error(invalid_argument) if the template refuses the messages, with its own words.
    /// @throws Error(invalid_argument) if the template exceeds a limit, see with_input().
    /// @throws Error(invalid_argument) if the JSON of a tool nests more than 100 levels deep.
    std::vector<PromptPart> render(std::span<const Message> messages, const Options& options) const;

   private:
    struct Impl;
    std::unique_ptr<const Impl> impl_;
};

}  // namespace infinipot
