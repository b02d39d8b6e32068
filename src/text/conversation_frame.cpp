#include "text/conversation_frame.h"

#include <string_view>
#include <vector>

#include "infinipot/error.h"
#include "text/chat_frame.h"
#include "text/chat_template.h"

namespace infinipot {

namespace {

// No template contains these words, and none changes them: they are letters and digits alone.
const std::string question = "Qh4users6Wb8question3Ze1";
const std::string answer = "Av9models2Ty5answer7Ko6";
const std::string thought = "Tp3models8Xu6thought1Lm4";
const std::string next_question = "Nd7users5Ri2next9Fa3";

constexpr std::string_view blanks = " \t\n\r";

std::string rendered(const ChatTemplate& chat_template, const std::vector<Message>& messages,
                     bool asks_for_answer = false) {
    return joined(chat_template.render(
        messages, {.add_generation_prompt = asks_for_answer, .time = time_of_frames()}));
}

/// Returns the text between two words that stand in `text` once each, in this order.
std::optional<std::string> between(const std::string& text, const std::string& first,
                                   const std::string& second) {
    const std::size_t begin = text.find(first);
    const std::size_t end = text.find(second);
    if (begin == std::string::npos || end == std::string::npos || end < begin + first.size())
        return std::nullopt;
    if (text.find(first, begin + 1) != std::string::npos) return std::nullopt;
    if (text.find(second, end + 1) != std::string::npos) return std::nullopt;
    return text.substr(begin + first.size(), end - begin - first.size());
}

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(blanks) + 1 - begin));
}

/// Returns the tags that the template writes around the thought of a last answer. Many templates
/// write none, and name them where they cut the thoughts of earlier answers off.
std::optional<ThinkingTags> thinking_tags(const ChatTemplate& chat_template,
                                          const std::string& past_header) {
    const std::string text =
        rendered(chat_template, {{.role = "user", .content = question},
                                 {.role = "assistant", .content = answer, .reasoning = thought}});
    const auto before = between(text, question, thought);
    const auto behind = between(text, thought, answer);
    if (before && behind && before->starts_with(past_header)) {
        ThinkingTags tags{trimmed(before->substr(past_header.size())), trimmed(*behind)};
        if (!tags.begin.empty() && !tags.end.empty()) return tags;
    }
    if (chat_template.source().find("</think>") == std::string::npos) return std::nullopt;
    return ThinkingTags{"<think>", "</think>"};
}

/// Returns what follows the words of a user in a prompt that asks for an answer, but its opener.
std::string answer_header(const ChatTemplate& chat_template,
                          const std::optional<ThinkingTags>& thinking) {
    std::string text = rendered(chat_template, {{.role = "user", .content = question}}, true);
    const std::size_t at = text.rfind(question);
    if (at != std::string::npos) text.erase(0, at + question.size());
    if (thinking) take_opener(text, *thinking);
    return text;
}

}  // namespace

std::string take_opener(std::string& prompt, const ThinkingTags& tags) {
    const std::size_t last = prompt.find_last_not_of(blanks);
    const std::string_view written =
        std::string_view(prompt).substr(0, last == std::string::npos ? 0 : last + 1);
    if (!written.ends_with(tags.begin) && !written.ends_with(tags.end)) return {};
    const std::size_t begin = written.rfind(tags.begin);
    if (begin == std::string_view::npos) return {};
    std::string opener = prompt.substr(begin);
    prompt.resize(begin);
    return opener;
}

bool begins_thought(const std::string& opener, const ThinkingTags& tags) {
    return !opener.empty() && opener.find(tags.end) == std::string::npos;
}

std::optional<ConversationFrame> conversation_frame(const ChatTemplate& chat_template) try {
    const std::string text =
        rendered(chat_template, {{.role = "user", .content = question},
                                 {.role = "assistant", .content = answer, .reasoning = thought},
                                 {.role = "user", .content = next_question}});
    const bool forgets = text.find(thought) == std::string::npos;
    const std::string plain = rendered(chat_template, {{.role = "user", .content = question},
                                                       {.role = "assistant", .content = answer},
                                                       {.role = "user", .content = next_question}});
    const auto reopening = between(plain, answer, next_question);
    const auto past_header = between(plain, question, answer);
    if (!reopening || !past_header) return std::nullopt;
    ConversationFrame frame{.reopening = *reopening,
                            .past_opener = {},
                            .thinking = thinking_tags(chat_template, *past_header),
                            .forgets_thinking = forgets};
    const std::string header = answer_header(chat_template, frame.thinking);
    if (past_header->starts_with(header)) frame.past_opener = past_header->substr(header.size());
    return frame;
} catch (const Error&) {
    return std::nullopt;
}

}  // namespace infinipot
