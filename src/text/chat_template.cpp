#include "text/chat_template.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <exception>
#include <mutex>
#include <string_view>
#include <utility>

#include "infinipot/error.h"
#include "jinja/caps.h"
#include "jinja/lexer.h"
#include "jinja/parser.h"
#include "jinja/runtime.h"
#include "json.h"
#include "text/control_guard.h"

namespace infinipot {

namespace {

using Json = common_json;

bool contains(std::string_view text, std::string_view words) {
    return text.find(words) != std::string_view::npos;
}

void replace(std::string& text, std::string_view words, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(words, at)) != std::string::npos; at += by.size())
        text.replace(at, words.size(), by);
}

/// Two published templates refuse conversations that they could write. llama.cpp disables the tests
/// that do so, and so do we.
std::string lenient(std::string source) {
    if (contains(source, "<|channel|>")) {
        replace(source,
                "{%- if \"<|channel|>analysis<|message|>\" in message.content or "
                "\"<|channel|>final<|message|>\" in message.content %}",
                "{%- if false %}");
    }
    if (contains(source, "[TOOL_CALLS]")) {
        replace(source,
                "{%- if (message['content'] is none or message['content'] == '' or "
                "message['content']|length == 0) and (message['tool_calls'] is not defined or "
                "message['tool_calls'] is none or message['tool_calls']|length == 0) %}",
                "{%- if false %}");
    }
    return source;
}

/// Returns the one line of an exception's text that gives the reason. The engine quotes the source
/// before the reason if a running template fails, and after it if a template cannot be parsed.
std::string reason(const std::exception& error) {
    std::string_view text = error.what();
    for (const std::string_view before : {"\nError: ", "Jinja Exception: "}) {
        const std::size_t at = text.find(before);
        if (at != std::string_view::npos) text.remove_prefix(at + before.size());
    }
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return "without a reason";
    return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

Json typed_text(const std::string& text) {
    Json part = Json::object();
    part["type"] = "text";
    part["text"] = text;
    Json parts = Json::array();
    parts.push_back(part);
    return parts;
}

Json to_json(const ToolCall& call, bool arguments_as_object) {
    Json function = Json::object();
    function["name"] = call.name;
    function["arguments"] =
        arguments_as_object ? Json::parse(call.arguments) : Json(call.arguments);
    Json json = Json::object();
    json["type"] = "function";
    json["function"] = function;
    json["id"] = call.id;
    return json;
}

Json to_json(const Message& message, const jinja::caps& caps) {
    const bool only_typed = !caps.supports_string_content && caps.supports_typed_content;
    Json json = Json::object();
    json["role"] = message.role;
    json["content"] = only_typed ? typed_text(message.content) : Json(message.content);
    if (!message.reasoning.empty()) json["reasoning_content"] = message.reasoning;
    if (!message.tool_name.empty()) json["name"] = message.tool_name;
    if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
    if (message.tool_calls.empty()) return json;
    Json calls = Json::array();
    for (const ToolCall& call : message.tool_calls)
        calls.push_back(to_json(call, caps.supports_object_arguments));
    json["tool_calls"] = calls;
    return json;
}

std::string trimmed(const std::string& text) {
    constexpr const char* blanks = " \t\n\v\f\r";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Puts a system message that the template has no place for in front of the next one.
void merge_system(std::vector<Message>& messages) {
    if (messages.empty() || messages.front().role != "system") return;
    if (messages.size() > 1) messages[1].content = messages[0].content + '\n' + messages[1].content;
    messages.erase(messages.begin());
}

/// Returns the messages as llama.cpp adapts them to a template: developers are the system but for
/// gpt-oss, StepFun wants no blanks around a text, and some templates have no system role.
std::vector<Message> adapted(std::span<const Message> messages, const std::string& source,
                             const jinja::caps& caps) {
    std::vector<Message> all(messages.begin(), messages.end());
    const bool has_developer = contains(source, "<|channel|>");
    const bool is_step_fun =
        contains(source, "You have access to the following functions in JSONSchema format");
    for (Message& message : all) {
        if (message.role == "developer" && !has_developer) message.role = "system";
        if (!is_step_fun) continue;
        message.content = trimmed(message.content);
        message.reasoning = trimmed(message.reasoning);
    }
    if (!caps.supports_system_role) merge_system(all);
    return all;
}

Json to_json(std::span<const Message> messages, const jinja::caps& caps) {
    Json json = Json::array();
    for (const Message& message : messages) json.push_back(to_json(message, caps));
    return json;
}

std::string formatted(std::int64_t time, const char* format) {
    const std::time_t seconds = time;
    char text[32];
    return {text, std::strftime(text, sizeof text, format, std::localtime(&seconds))};
}

void remove_prefix(std::vector<PromptPart>& parts, const std::string& prefix) {
    if (parts.empty() || parts.front().is_input || !parts.front().text.starts_with(prefix)) return;
    parts.front().text.erase(0, prefix.size());
    if (parts.front().text.empty()) parts.erase(parts.begin());
}

void remove_suffix(std::vector<PromptPart>& parts, const std::string& suffix) {
    if (parts.empty() || parts.back().is_input || !parts.back().text.ends_with(suffix)) return;
    parts.back().text.resize(parts.back().text.size() - suffix.size());
    if (parts.back().text.empty()) parts.pop_back();
}

/// @throws Error(invalid_argument) if a role might be made to spell a control word: some templates
/// build such words of roles.
void require_known_roles(std::span<const Message> messages) {
    constexpr std::array<std::string_view, 5> known = {"system", "developer", "user", "assistant",
                                                       "tool"};
    for (const Message& message : messages) {
        if (std::ranges::find(known, message.role) != known.end()) continue;
        throw Error(ErrorCode::invalid_argument,
                    "a message has the role \"" + message.role +
                        "\"; the roles are system, developer, user, assistant and tool");
    }
}

Json guarded(const Json& json, const ControlGuard& guard) {
    if (json.is_string()) return guard.guarded(json.get<std::string>());
    if (json.is_array()) {
        Json all = Json::array();
        for (const Json& each : json) all.push_back(guarded(each, guard));
        return all;
    }
    if (!json.is_object()) return json;
    Json all = Json::object();
    for (auto each = json.begin(); each != json.end(); ++each)
        all[guard.guarded(each.key())] = guarded(each.value(), guard);
    return all;
}

/// Makes the roles words of the template, which may build control words of them.
void unmark_roles(jinja::context& context) {
    for (const jinja::value& message : context.get_val("messages")->as_array()) {
        jinja::value& role = message->at(std::string("role"));
        role = jinja::mk_val<jinja::value_string>(role->as_string().str());
    }
}

}  // namespace

struct ChatTemplate::Impl {
    std::string source;
    Vocabulary vocabulary;
    jinja::program program;
    jinja::caps caps;

    Json said(std::span<const Message> messages, const Options& options) const;
    Json settings(const Options& options) const;
    std::vector<PromptPart> run(const Json& said, const Options& options) const;
};

/// Returns what people and tools said. The engine marks all text that comes from here.
Json ChatTemplate::Impl::said(std::span<const Message> messages, const Options& options) const {
    Json input = Json::object();
    input["messages"] = to_json(adapted(messages, source, caps), caps);
    if (!options.tools.empty()) input["tools"] = Json::parse(options.tools);
    return input;
}

Json ChatTemplate::Impl::settings(const Options& options) const {
    Json settings = Json::object();
    settings["bos_token"] = vocabulary.begin_of_text;
    settings["eos_token"] = vocabulary.end_of_text;
    settings["enable_thinking"] = options.enable_thinking;
    settings["datetime"] = formatted(options.time, "%b %d %Y");
    settings["date_string"] = formatted(options.time, "%d %b %Y");
    if (options.add_generation_prompt) settings["add_generation_prompt"] = true;
    return settings;
}

ChatTemplate::ChatTemplate(const std::string& source, Vocabulary vocabulary) try {
    jinja::lexer lexer;
    const jinja::lexer_result tokens = lexer.tokenize(lenient(source));
    auto impl = std::make_unique<Impl>(
        Impl{tokens.source, std::move(vocabulary), jinja::parse_from_tokens(tokens), {}});
    impl->caps = jinja::caps_get(impl->program);
    impl_ = std::move(impl);
} catch (const std::exception& error) {
    throw Error(ErrorCode::unsupported_model,
                "the model's chat template cannot be parsed: " + reason(error));
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

std::vector<PromptPart> ChatTemplate::Impl::run(const Json& said, const Options& options) const {
    const ControlWords& words = vocabulary.control_words;
    const ControlGuard guard(words, words.empty() ? "" : said.dump_safe());
    jinja::context context(source);
    context.current_time = options.time;
    jinja::global_from_json(context, settings(options), false);
    jinja::global_from_json(context, guarded(said, guard), true);
    unmark_roles(context);
    jinja::runtime runtime(context);
    const jinja::value_string written =
        jinja::runtime::gather_string_parts(runtime.execute(program));
    std::vector<PromptPart> parts;
    for (const jinja::string_part& part : written->val_str.parts)
        append(parts, part.val, part.is_input);
    return guard.unguarded(parts);
}

std::vector<PromptPart> ChatTemplate::render(std::span<const Message> messages,
                                             const Options& options) const {
    require_known_roles(messages);
    static std::mutex local_time;  // the engine calls std::localtime(), whose result is shared
    const std::lock_guard lock(local_time);
    try {
        const Vocabulary& vocabulary = impl_->vocabulary;
        std::vector<PromptPart> parts = impl_->run(impl_->said(messages, options), options);
        if (vocabulary.adds_begin) remove_prefix(parts, vocabulary.begin_of_text);
        if (vocabulary.adds_end) remove_suffix(parts, vocabulary.end_of_text);
        return parts;
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        throw Error(ErrorCode::invalid_argument,
                    "the model's chat template refuses the messages: " + reason(error));
    }
}

}  // namespace infinipot
