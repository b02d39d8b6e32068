#include "text/next_prompt.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "infinipot/error.h"
#include "support/paths.h"
#include "support/published_templates.h"
#include "text/chat_frame.h"
#include "text/chat_template.h"
#include "text/conversation_frame.h"

// A conversation that is written turn by turn reads as one that the template writes as a whole.

namespace infinipot {
namespace {

namespace fs = std::filesystem;

ChatTemplate template_of(const std::string& source) {
    return ChatTemplate(source, {.begin_of_text = "<s>", .end_of_text = "</s>"});
}

ChatTemplate published(const std::string& name) {
    return template_of(contents_of(llama_file("models/templates/" + name + ".jinja")));
}

std::string whole(const ChatTemplate& chat_template, const std::vector<Message>& messages) {
    return joined(chat_template.render(messages, {.time = time_of_frames()}));
}

std::string next(const ChatTemplate& chat_template, Turn turn, const std::vector<Message>& messages,
                 const NextPromptOptions& options = {}) {
    return joined(next_prompt(chat_template, turn, messages, options));
}

const Message q1{.role = "user", .content = "What is the capital of France?"};
const Message a1{.role = "assistant", .content = "Paris."};
const Message q2{.role = "user", .content = "And of Spain?"};
const Message a2{.role = "assistant", .content = "Madrid."};
const Message q3{.role = "user", .content = "Of Italy?"};

/// Templates whose prompt for an answer says more than before the same answer later: the first
/// words of a thought, instructions for tools, or other tags of thoughts than the template itself
/// names.
const std::set<std::string> say_more_when_they_ask = {"Apriel-1.6-15b-Thinker-fixed", "Cohere2MoE",
                                                      "CohereForAI-c4ai-command-r-plus-tool_use",
                                                      "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"};

class WholeConversations : public testing::TestWithParam<fs::path> {};

TEST_P(WholeConversations, Write_turn_by_turn_what_they_write_as_a_whole) {
    const ChatTemplate chat_template = template_of(contents_of(GetParam()));
    const auto frame = conversation_frame(chat_template);
    if (!frame) GTEST_SKIP() << "it writes no conversation";
    if (say_more_when_they_ask.contains(GetParam().stem())) GTEST_SKIP() << "it says more";
    const auto past = [&](std::string prompt, const Message& answer) {
        if (frame->thinking) take_opener(prompt, *frame->thinking);
        return prompt + frame->past_opener + answer.content;
    };
    std::string text = past(next(chat_template, Turn::beginning, {q1}), a1);
    text += past(next(chat_template, Turn::answered, {q2}), a2);
    text += next(chat_template, Turn::answered, {q3});
    EXPECT_EQ(text, whole(chat_template, {q1, a1, q2, a2, q3}));
}

INSTANTIATE_TEST_SUITE_P(All, WholeConversations, testing::ValuesIn(published_templates()),
                         [](const auto& file) { return test_name(file.param); });

TEST(NextPrompt, Writes_the_results_of_tools) {
    const ChatTemplate chat_template = published("Qwen-Qwen2.5-7B-Instruct");
    const Message call{
        .role = "assistant",
        .tool_calls = {
            {.id = "abcdef123", .name = "look_up", .arguments = R"({"word": "Spain"})"}}};
    const Message result{.role = "tool", .content = "Madrid", .tool_name = "look_up"};
    const std::string text = next(chat_template, Turn::answered, {result});
    const std::string all = whole(chat_template, {q1, call, result});
    EXPECT_TRUE(all.ends_with(text)) << all << "\n---\n" << text;
    EXPECT_NE(text.find("Madrid"), std::string::npos);
}

TEST(NextPrompt, Begins_with_the_system_prompt) {
    const ChatTemplate chat_template = published("Qwen-Qwen2.5-7B-Instruct");
    const Message system{.role = "system", .content = "Be brief."};
    EXPECT_EQ(next(chat_template, Turn::beginning, {q1}, {.system_prompt = "Be brief."}),
              whole(chat_template, {system, q1}));
    const std::string opening = joined(opening_prompt(chat_template, "Be brief."));
    EXPECT_TRUE(whole(chat_template, {system, q1}).starts_with(opening + q1.content)) << opening;
}

TEST(NextPrompt, Continues_a_text_that_the_user_has_begun) {
    const ChatTemplate chat_template = published("Qwen-Qwen2.5-7B-Instruct");
    const ChatFrame frame = chat_frame(chat_template);
    EXPECT_EQ(next(chat_template, Turn::users, {q1}, {.separator = "\n\n"}),
              "\n\n" + q1.content + frame.closing);
}

TEST(NextPrompt, Refuses_messages_that_cannot_follow) {
    const ChatTemplate chat_template = published("Qwen-Qwen2.5-7B-Instruct");
    EXPECT_THROW(next(chat_template, Turn::beginning, {}), Error);
    EXPECT_THROW(next(chat_template, Turn::users, {a1}), Error);
    EXPECT_THROW(next(template_of("{{ 'nothing' }}"), Turn::answered, {q1}), Error);
}

TEST(ConversationFrame, Knows_how_a_model_thinks) {
    const auto qwen3 = conversation_frame(published("Qwen-Qwen3-0.6B"));
    ASSERT_TRUE(qwen3);
    EXPECT_EQ(qwen3->thinking, (ThinkingTags{"<think>", "</think>"}));
    EXPECT_TRUE(qwen3->forgets_thinking);
    EXPECT_EQ(qwen3->reopening, "<|im_end|>\n<|im_start|>user\n");
    const auto qwen2 = conversation_frame(published("Qwen-Qwen2.5-7B-Instruct"));
    ASSERT_TRUE(qwen2);
    EXPECT_EQ(qwen2->thinking, std::nullopt);
    const auto r1 = conversation_frame(published("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B"));
    ASSERT_TRUE(r1);
    EXPECT_EQ(r1->thinking, (ThinkingTags{"<think>", "</think>"}));
    EXPECT_TRUE(r1->forgets_thinking);
}

TEST(ConversationFrame, Wants_a_template_that_writes_user_and_assistant) {
    EXPECT_EQ(conversation_frame(template_of("{{ messages[0]['content'] }}")), std::nullopt);
    EXPECT_EQ(conversation_frame(template_of("{{ raise_exception('no') }}")), std::nullopt);
}

}  // namespace
}  // namespace infinipot
