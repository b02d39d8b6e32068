#include <algorithm>
#include <string>
#include <utility>

#include "engine/session_impl.h"
#include "infinipot/error.h"
#include "model/access.h"
#include "model/model_impl.h"

/// The conversation of a session.
namespace infinipot {

namespace {

const ConversationFrame& require_frame(const Model::Impl& model, const Plan& plan) {
    if (plan.frame.is_chat && model.conversation) return *model.conversation;
    if (!plan.frame.is_chat && model.frame) {
        throw Error(ErrorCode::invalid_argument,
                    "a conversation wants the model's chat template, which this session does not "
                    "use");
    }
    throw Error(ErrorCode::unsupported_model,
                model.info.path + " has no chat template that writes a conversation" +
                    (model.chat_template_error.empty() ? "" : ": " + model.chat_template_error) +
                    "; choose a model that is made for chats");
}

bool is_users(const Message& message) { return message.role == "user"; }

}  // namespace

/// Entries change only when some are evicted, unless attention adds up or each token evicts one.
bool Session::Impl::only_appends() const {
    return plan_.options.schedule != Schedule::per_token &&
           plan_.needs.attention != AttentionProbe::accumulated;
}

Checkpoint Session::Impl::checkpoint() {
    StateArchive state;
    serialize(state);
    const auto written = state.written();
    return {.state = {written.begin(), written.end()},
            .image = {.file = nullptr, .offset = 0, .n = cache_.n()}};
}

void Session::Impl::go_back(const Checkpoint& point) {
    if (point.image.file) {
        cache_.go_back(point.image);
    } else {
        cache_.truncate(point.image.n);
    }
    StateArchive state(point.state);
    serialize(state);
}

void Session::Impl::begin_words() {
    if (turn_ == Turn::answered) {
        forget_thought();
        intake_.append_tokens(plan_.frame.reopening);
    }
    turn_ = Turn::users;
}

/// The answer is read again without its thought.
void Session::Impl::forget_thought() {
    const std::optional<std::string> answer = std::exchange(answer_without_thought_, std::nullopt);
    const std::optional<Checkpoint> point = checkpoints_.take_answer();
    if (!answer || !point) return;
    go_back(*point);
    turn_ = Turn::answered;
    const Model::Impl& model = Access::impl(model_);
    intake_.append_tokens(model.vocabulary.tokenize_control(model.conversation->past_opener));
    intake_.append_tokens(model.vocabulary.tokenize(*answer));
}

ReplyPrompt Session::Impl::begin_reply(std::span<const Message> messages, bool think) {
    require_no_generation();
    const Model::Impl& model = Access::impl(model_);
    const ConversationFrame& frame = require_frame(model, plan_);
    const Turn turn = turn_ == Turn::beginning && intake_.has_begun() ? Turn::users : turn_;
    const bool begins = turn == Turn::beginning;
    std::vector<PromptPart> parts =
        next_prompt(*model.chat_template, turn, messages,
                    {.system_prompt = plan_.options.system_prompt,
                     .separator = turn_ == Turn::users ? plan_.frame.separator : "",
                     .enable_thinking = think});
    if (std::ranges::any_of(messages, is_users)) forget_thought();
    if (!begins) flush(Remaining::answer);
    checkpoints_.begin_turn(checkpoint());
    if (!only_appends()) checkpoints_.keep(cache_);
    ReplyPrompt prompt;
    if (frame.thinking && !parts.empty() && !parts.back().is_input) {
        prompt.opener = take_opener(parts.back().text, *frame.thinking);
        prompt.begins_thought = begins_thought(prompt.opener, *frame.thinking);
    }
    if (begins) prompt.tokens = model.vocabulary.stream_start();
    const auto words = model.vocabulary.tokenize_prompt(parts, !begins);
    prompt.tokens.insert(prompt.tokens.end(), words.begin(), words.end());
    intake_.begin_without_opening();
    return prompt;
}

bool Session::Impl::forgets_thoughts() const {
    const auto& frame = Access::impl(model_).conversation;
    return frame && frame->thinking && frame->forgets_thinking &&
           plan_.options.schedule == Schedule::when_full && only_appends();
}

std::vector<Token> Session::Impl::question_prompt(std::string_view question,
                                                  const GenerateOptions& options) {
    const Model::Impl& model = Access::impl(model_);
    const bool has_choice = plan_.frame.is_chat && model.conversation;
    if (!has_choice || (turn_ != Turn::answered && options.think)) {
        return frame_question(model, plan_.frame, question, has_text(), options.answer_prefix);
    }
    const Message message{.role = "user", .content = std::string(question)};
    std::vector<Token> tokens = model.vocabulary.tokenize_prompt(
        next_prompt(*model.chat_template, turn_ == Turn::answered ? turn_ : Turn::users,
                    {&message, 1},
                    {.separator = has_text() ? plan_.frame.separator : "",
                     .enable_thinking = options.think}),
        true);
    const std::vector<Token> prefix = model.vocabulary.tokenize(options.answer_prefix);
    tokens.insert(tokens.end(), prefix.begin(), prefix.end());
    return tokens;
}

void Session::Impl::end_answer(std::optional<Token> unread, std::optional<std::string> answer) {
    if (unread) intake_.append_tokens({&*unread, 1});
    answer_without_thought_ = std::move(answer);
    turn_ = Turn::answered;
}

bool Session::Impl::undo() {
    require_no_generation();
    const std::optional<Checkpoint> point = checkpoints_.take_turn();
    if (!point) return false;
    go_back(*point);
    answer_without_thought_.reset();
    return true;
}

}  // namespace infinipot
