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
#include "text/json_nesting.h"
#include "text/template_hooks.h"
#include "text/template_source.h"

namespace infinipot {

namespace {

using Json = common_json;

bool contains(std::string_view text, std::string_view words) {
    return text.find(words) != std::string_view::npos;
}

/// Returns a line that a template wrote as part of a sentence: short, without control characters.
std::string quoted(std::string_view line) {
    constexpr std::size_t longest = 300;
    std::size_t end = line.size();
    if (end > longest) {
        end = longest;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    }
    std::string result(line.substr(0, end));
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    std::ranges::replace_if(result, is_control, ' ');
    return end < line.size() ? result + " ..." : result;
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
    return quoted(text.substr(begin, text.find('\n', begin) - begin));
}

/// @throws Error(code) if the template exceeded a limit.
void require_no_excess(const TemplateRun& run, ErrorCode code) {
    if (!run.excess().empty()) throw Error(code, "the model's chat template " + run.excess());
}

/// Every value may hold a name, which the limit of memory does not count.
/// @throws Error(unsupported_model)
void require_short_names(const std::vector<jinja::token>& tokens) {
    constexpr std::size_t longest = 128;
    for (const jinja::token& token : tokens) {
        if (token.t != jinja::token::identifier || token.value.size() <= longest) continue;
        throw Error(ErrorCode::unsupported_model,
                    "the model's chat template has a name of more than " + std::to_string(longest) +
                        " characters");
    }
}

/// @throws Error(invalid_argument) if the JSON nests too deep for functions that recurse into it.
Json parsed(const std::string& json) {
    constexpr int most = 100;
    if (json_nesting(json) > most) {
        throw Error(ErrorCode::invalid_argument,
                    "the JSON of a tool nests more than " + std::to_string(most) + " levels deep");
    }
    return Json::parse(json);
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
    function["arguments"] = arguments_as_object ? parsed(call.arguments) : Json(call.arguments);
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

/// The engine calls std::localtime(), whose result is shared.
std::mutex& local_time() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

struct ChatTemplate::Impl {
    std::string source;
    Vocabulary vocabulary;
    TemplateLimits limits;
    jinja::program program;
    jinja::caps caps;

    Json said(std::span<const Message> messages, const Options& options) const;
    Json settings(const Options& options) const;
    std::vector<PromptPart> written(const Json& said, const Options& options) const;
    std::vector<PromptPart> run(const Json& said, const Options& options) const;
};

/// Returns what people and tools said. The engine marks all text that comes from here.
Json ChatTemplate::Impl::said(std::span<const Message> messages, const Options& options) const {
    Json input = Json::object();
    input["messages"] = to_json(adapted(messages, source, caps), caps);
    if (!options.tools.empty()) input["tools"] = parsed(options.tools);
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

ChatTemplate::ChatTemplate(const std::string& source, Vocabulary vocabulary,
                           const TemplateLimits& limits) {
    const std::lock_guard lock(local_time());
    const TemplateRun run(limits);
    try {
        jinja::lexer lexer;
        const jinja::lexer_result tokens =
            lexer.tokenize(prepared_template(source, limits.source_bytes));
        require_short_names(tokens.tokens);
        auto impl = std::make_unique<Impl>(Impl{tokens.source, std::move(vocabulary), limits,
                                                jinja::parse_from_tokens(tokens), jinja::caps()});
        impl->caps = jinja::caps_get(impl->program);
        impl_ = std::move(impl);
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        require_no_excess(run, ErrorCode::unsupported_model);
        throw Error(ErrorCode::unsupported_model,
                    "the model's chat template cannot be parsed: " + reason(error));
    }
    require_no_excess(run, ErrorCode::unsupported_model);
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

const std::string& ChatTemplate::source() const { return impl_->source; }

std::vector<PromptPart> ChatTemplate::Impl::written(const Json& said,
                                                    const Options& options) const {
    jinja::context context(source);
    context.current_time = options.time;
    jinja::global_from_json(context, settings(options), false);
    jinja::global_from_json(context, said, true);
    unmark_roles(context);
    jinja::runtime runtime(context);
    const jinja::value_string result =
        jinja::runtime::gather_string_parts(runtime.execute(program));
    limits::text(result->val_str.length());
    std::vector<PromptPart> parts;
    for (const jinja::string_part& part : result->val_str.parts)
        append(parts, part.val, part.is_input);
    return parts;
}

std::vector<PromptPart> ChatTemplate::Impl::run(const Json& said, const Options& options) const {
    const std::string dump = said.dump_safe();
    const ControlWords& words = vocabulary.control_words;
    const ControlGuard guard(words, words.empty() ? "" : dump);
    const TemplateRun run(with_input(limits, dump.size()));
    try {
        const std::vector<PromptPart> parts = written(guarded(said, guard), options);
        require_no_excess(run, ErrorCode::invalid_argument);
        return guard.unguarded(parts);
    } catch (const std::exception&) {
        require_no_excess(run, ErrorCode::invalid_argument);
        throw;
    }
}

std::vector<PromptPart> ChatTemplate::render(std::span<const Message> messages,
                                             const Options& options) const {
    require_known_roles(messages);
    const std::lock_guard lock(local_time());
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
