#include "text/chat_template.h"

#include <chat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "infinipot/error.h"
#include "support/paths.h"

// The reference is llama.cpp's own rendering of the templates in its models/templates.

namespace infinipot {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::vector<fs::path> template_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(llama_file("models/templates")))
        if (entry.path().extension() == ".jinja") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

struct Conversation {
    const char* name;
    std::vector<Message> messages;
};

std::vector<Conversation> conversations() {
    const Message system{.role = "system", .content = "Answer in one word."};
    const Message question{.role = "user", .content = "What is the capital of France?"};
    const Message answer{.role = "assistant", .content = "Paris."};
    const Message next{.role = "user", .content = "  And of Spain?\n\nThink twice.  "};
    const Message call{
        .role = "assistant",
        .tool_calls = {
            {.id = "abcdef123", .name = "look_up", .arguments = R"({"word": "Spain"})"}}};
    const Message result{.role = "tool",
                         .content = R"({"capital": "Madrid"})",
                         .tool_name = "look_up",
                         .tool_call_id = "abcdef123"};
    return {{"one_turn", {question}},
            {"system", {system, question}},
            {"turns", {question, answer, next}},
            {"system_and_turns", {system, question, answer, next}},
            {"tool", {system, question, call, result}},
            {"after_a_tool", {question, call, result, answer, next}}};
}

constexpr const char* tools = R"([{"type": "function", "function": {"name": "look_up",
    "description": "Looks a word up.", "parameters": {"type": "object",
    "properties": {"word": {"type": "string"}}, "required": ["word"]}}}])";

common_chat_msg to_llama(const Message& message) {
    common_chat_msg theirs;
    theirs.role = message.role;
    theirs.content = message.content;
    theirs.reasoning_content = message.reasoning;
    theirs.tool_name = message.tool_name;
    theirs.tool_call_id = message.tool_call_id;
    for (const ToolCall& call : message.tool_calls)
        theirs.tool_calls.push_back({call.name, call.arguments, call.id});
    return theirs;
}

/// What llama.cpp writes, or nothing if its template refuses the messages.
std::optional<std::string> llamas(const common_chat_templates* templates,
                                  const std::vector<Message>& messages, bool with_tools,
                                  bool add_generation_prompt) {
    common_chat_templates_inputs inputs;
    for (const Message& message : messages) inputs.messages.push_back(to_llama(message));
    if (with_tools) inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(tools));
    inputs.add_generation_prompt = add_generation_prompt;
    try {
        return common_chat_templates_apply(templates, inputs).prompt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::optional<std::string> ours(const ChatTemplate& chat_template,
                                const std::vector<Message>& messages, bool with_tools,
                                bool add_generation_prompt) {
    try {
        return joined(
            chat_template.render(messages, {.add_generation_prompt = add_generation_prompt,
                                            .tools = with_tools ? tools : "",
                                            .time = std::time(nullptr)}));
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// llama.cpp rewrites the results of tools for a template of Gemma 4 that its authors have
/// replaced. We render such a template as it stands.
bool is_rewritten(const fs::path& file, const std::vector<Message>& messages) {
    const auto is_result = [](const Message& message) { return message.role == "tool"; };
    return file.stem() == "google-gemma-4-31B-it-interleaved" &&
           std::ranges::any_of(messages, is_result);
}

class PublishedTemplates : public testing::TestWithParam<fs::path> {};

TEST_P(PublishedTemplates, Render_as_in_llama_cpp) {
    const std::string source = contents(GetParam());
    const auto theirs = common_chat_templates_init(nullptr, source, "<s>", "</s>");
    const ChatTemplate chat_template(source, {.begin_of_text = "<s>", .end_of_text = "</s>"});
    int n_rendered = 0;
    for (const auto& [name, messages] : conversations()) {
        if (is_rewritten(GetParam(), messages)) continue;
        for (const bool with_tools : {false, true}) {
            for (const bool add_generation_prompt : {false, true}) {
                SCOPED_TRACE(std::string(name) + (with_tools ? " with tools" : "") +
                             (add_generation_prompt ? " and an answer to come" : ""));
                const auto expected =
                    llamas(theirs.get(), messages, with_tools, add_generation_prompt);
                if (!expected) continue;
                ++n_rendered;
                EXPECT_EQ(ours(chat_template, messages, with_tools, add_generation_prompt),
                          expected);
            }
        }
    }
    EXPECT_GT(n_rendered, 0);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedTemplates, testing::ValuesIn(template_files()),
                         [](const auto& file) {
                             std::string name = file.param.stem();
                             for (char& c : name)
                                 if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                             return name;
                         });

}  // namespace
}  // namespace infinipot
