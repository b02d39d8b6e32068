#include "infinipot/session.h"

#include <array>
#include <istream>
#include <utility>

#include "base/utf8.h"
#include "engine/answer_budget.h"
#include "engine/generation_impl.h"
#include "engine/session_impl.h"
#include "infinipot/error.h"
#include "model/access.h"
#include "model/model_impl.h"

namespace infinipot {

namespace {

void require_utf8(const Message& message) {
    for (const std::string* text : {&message.role, &message.content, &message.reasoning,
                                    &message.tool_name, &message.tool_call_id})
        infinipot::require_utf8(*text, "a message");
    for (const ToolCall& call : message.tool_calls)
        for (const std::string* text : {&call.id, &call.name, &call.arguments})
            infinipot::require_utf8(*text, "a message");
}

/// Returns the tags of a thought, if the session uses the model's chat template.
std::optional<ThinkingTags> thinking_tags(const Session::Impl& session) {
    const auto& frame = Access::impl(session.model()).conversation;
    if (!session.plan().frame.is_chat || !frame) return std::nullopt;
    return frame->thinking;
}

Generation::Impl::Setting setting_of_question(const Session::Impl& session,
                                              const GenerateOptions& options, int answer_budget) {
    Generation::Impl::Setting setting{.answer_budget = answer_budget,
                                      .thinking = thinking_tags(session)};
    if (!setting.thinking || !options.think) return setting;
    std::string closing = Access::impl(session.model()).frame->closing;
    setting.begins_thought =
        begins_thought(take_opener(closing, *setting.thinking), *setting.thinking);
    return setting;
}

}  // namespace

Session::Session(const Model& model, SessionOptions options)
    : impl_(std::make_unique<Impl>(model, std::move(options))) {}
Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::ingest(std::string_view text, const IngestOptions& options) {
    impl_->ingest(text, options);
}

void Session::ingest(std::istream& text, const IngestOptions& options) {
    if (!text)
        throw Error(ErrorCode::file_error, "the text cannot be read: its stream is not open");
    std::array<char, 1 << 16> chunk;
    while (text) {
        text.read(chunk.data(), chunk.size());
        ingest(std::string_view(chunk.data(), static_cast<std::size_t>(text.gcount())), options);
    }
    if (text.bad()) throw Error(ErrorCode::file_error, "the text could not be read to its end");
}

void Session::flush(const IngestOptions& options) {
    impl_->flush(Impl::Remaining::nothing, options);
}

Generation Session::ask(std::string_view question, const GenerateOptions& options) {
    require_utf8(question, "the question");
    require_utf8(options.answer_prefix, "the beginning of the answer");
    const Stopwatch watch;
    impl_->flush(Impl::Remaining::nothing);
    const auto prompt = impl_->question_prompt(question, options);
    if (prompt.empty()) throw Error(ErrorCode::invalid_argument, "the question is empty");
    impl_->require_room(static_cast<int>(prompt.size()));
    const int answer_budget = choose_answer_budget(*impl_, prompt, options);
    Generation answer(std::make_unique<Generation::Impl>(
        *impl_, prompt, options, setting_of_question(*impl_, options, answer_budget)));
    impl_->record_answer(answer_budget, watch.seconds());
    return answer;
}

Generation Session::generate(std::string_view text, const GenerateOptions& options) {
    require_utf8(text, "the text to continue");
    const Stopwatch watch;
    impl_->flush(Impl::Remaining::answer);
    const auto prompt = Access::impl(impl_->model()).vocabulary.tokenize(text);
    if (prompt.empty() && impl_->stats().tokens_read == 0) {
        throw Error(ErrorCode::invalid_argument, "there is no text to continue");
    }
    Generation continuation(std::make_unique<Generation::Impl>(
        *impl_, prompt, options,
        Generation::Impl::Setting{.retention = Generation::Impl::Retention::kept}));
    impl_->record_answer(0, watch.seconds());
    return continuation;
}

Generation Session::reply(std::span<const Message> messages, const GenerateOptions& options) {
    for (const Message& message : messages) require_utf8(message);
    const Stopwatch watch;
    const ReplyPrompt prompt = impl_->begin_reply(messages, options.think);
    const Vocabulary& vocabulary = Access::impl(impl_->model()).vocabulary;
    std::vector<Token> last = vocabulary.tokenize_control(prompt.opener);
    try {
        if (impl_->forgets_thoughts()) {
            impl_->read(prompt.tokens, true);
            impl_->begin_answer();
        } else {
            last.insert(last.begin(), prompt.tokens.begin(), prompt.tokens.end());
        }
        Generation reply(std::make_unique<Generation::Impl>(
            *impl_, last, options,
            Generation::Impl::Setting{.retention = Generation::Impl::Retention::turn,
                                      .thinking = thinking_tags(*impl_),
                                      .begins_thought = prompt.begins_thought,
                                      .has_opener = !prompt.opener.empty()}));
        impl_->record_answer(0, watch.seconds());
        return reply;
    } catch (...) {
        impl_->undo();
        throw;
    }
}

Generation Session::reply(std::string_view words, const GenerateOptions& options) {
    const Message message{.role = "user", .content = std::string(words)};
    return reply({&message, 1}, options);
}

std::vector<KeptToken> Session::kept() const { return impl_->kept(); }
bool Session::undo() { return impl_->undo(); }
int Session::n_undo() const { return impl_->n_undo(); }

void Session::save(const std::filesystem::path& path, std::span<const TextRead> texts) {
    impl_->save(path, texts);
}

Session Session::restore(const Model& model, const std::filesystem::path& path,
                         const RestoreOptions& options) {
    return Session(Impl::restore(model, path, options));
}

Session Session::fork() { return Session(impl_->fork()); }

void Session::interrupt() noexcept { impl_->interrupt(); }
const ResolvedBudget& Session::budget() const { return impl_->plan().options.budget; }
const ResolvedOptions& Session::options() const { return impl_->plan().options; }
const Model& Session::model() const { return impl_->model(); }
Stats Session::stats() const { return impl_->stats(); }

}  // namespace infinipot
