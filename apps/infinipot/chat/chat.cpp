#include "chat/chat.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/byte_size.h"
#include "base/clock.h"
#include "eval/run/quantity.h"
#include "eval/survival/kept_text.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"
#include "terminal/progress_bar.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

constexpr float retry_temperature = 0.7f;  // a greedy answer would come again

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

void tell(const std::string& line) { std::fputs((line + '\n').c_str(), stderr); }

void print_thought(std::string_view text) { print(faint(text, stdout)); }

}  // namespace

Chat::Chat(eval::StoredPot pot, ChatSettings settings)
    : pot_(std::move(pot)), settings_(std::move(settings)) {}

void Chat::say(const std::string& message) {
    n_retries_ = 0;
    answer(message, settings_.generate);
}

void Chat::answer(const std::string& message, const GenerateOptions& options) {
    const InterruptGuard interrupts;
    const InterruptibleSession interruptible(pot_.session());
    bool began = false;
    try {
        ProgressBar bar(std::nullopt, settings_.quiet);
        bar.announce("beginning the answer");
        Generation generation = pot_.session().reply(message, options);
        bar.clear();
        const Stopwatch watch;  // the first token is there already
        began = unsaved_ = true;
        said_.push_back(message);
        stream(generation);
        print_status(generation, watch.seconds());
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted || interrupts.is_terminated()) throw;
        if (!settings_.quiet)
            tell(began ? "(the answer was stopped)" : "(the message was taken back)");
    }
}

/// Prints an answer while it is generated, and ends its last line even if it is interrupted.
void Chat::stream(Generation& generation) {
    char last = '\n';
    bool thought = false;
    try {
        for (const std::string_view piece : generation) {
            const bool is_thinking = generation.is_thinking();
            if (is_thinking && !settings_.shows_thinking) continue;
            if (thought && !is_thinking) print("\n\n");
            thought = is_thinking;
            if (is_thinking) {
                print_thought(piece);
            } else {
                print(piece);
            }
            last = piece.back();
        }
    } catch (const Error&) {
        if (last != '\n') print("\n");
        throw;
    }
    if (last != '\n') print("\n");
}

/// Says in one line how full the pot is, on a terminal.
void Chat::print_status(const Generation& generation, double seconds) const {
    if (settings_.quiet || !is_terminal(stderr)) return;
    const Session& session = pot_.session();
    const Stats stats = session.stats();
    std::string line = "[" + eval::count_text(static_cast<std::uint64_t>(stats.n_kv)) + " of " +
                       eval::count_text(static_cast<std::uint64_t>(session.budget().capacity)) +
                       " entries, " + eval::count_text(stats.distillations, "distillation");
    char speed[48];
    std::snprintf(speed, sizeof speed, ", %.1f tokens/s",
                  (generation.n_tokens() - 1) / std::max(seconds, 1e-3));
    line += speed;
    if (generation.stop_reason() == StopReason::max_tokens) line += ", cut off by --max-tokens";
    tell(faint(line + "]", stderr));
}

void Chat::read(const std::string& file) {
    const InterruptGuard interrupts;
    const InterruptibleSession interruptible(pot_.session());
    ProgressBar bar(pot_.total_bytes({file}), settings_.quiet);
    bar.start(pot_.session().stats().tokens_read);
    const bool is_known = pot_.bytes_read_of(file) > 0;
    bool has_words = false;
    unsaved_ = true;
    try {
        has_words = pot_.read(file, {[&](const Progress& progress) { bar.update(progress); }},
                              [&] { interrupts.check(); });
    } catch (const Error& error) {
        bar.clear();
        if (error.code() != ErrorCode::interrupted || interrupts.is_terminated()) throw;
        throw Error(ErrorCode::interrupted,
                    "the reading was stopped; /read " + file + " goes on from there");
    }
    bar.clear();
    if (!has_words && !is_known)
        throw Error(ErrorCode::bad_text,
                    "there is nothing to read in " + file + ": no text but white space");
    if (settings_.quiet) return;
    tell("(" + file + (has_words ? " was read)" : " was read before and has not grown)"));
}

void Chat::save(const std::string& file) {
    if (file.empty()) refuse("there is no pot to save to; /save FILE names one");
    pot_.save(file);
    if (!settings_.quiet) tell("(saved in " + file + ")");
}

void Chat::undo() {
    if (!pot_.session().undo())
        refuse("there is no answer to take back, or it was distilled too long ago");
    if (!said_.empty()) said_.pop_back();
}

/// Answers the last message again. Another seed gives another answer where sampling is random.
void Chat::retry() {
    if (said_.empty()) refuse("there is no message to answer again");
    const std::string message = said_.back();
    undo();
    GenerateOptions options = settings_.generate;
    options.sampling.seed += ++n_retries_;
    if (options.sampling.temperature == 0) options.sampling.temperature = retry_temperature;
    answer(message, options);
}

void Chat::system(const std::string& text) {
    Session& session = pot_.session();
    if (text.empty()) {
        const std::string& prompt = session.options().system_prompt;
        tell(prompt.empty() ? "(there is no system prompt besides the chat template's own)"
                            : prompt);
        return;
    }
    const Stats stats = session.stats();
    if (stats.tokens_read + stats.tokens_generated > 0 || session.n_undo() > 0)
        refuse("the system prompt begins a chat; start another one with --system");
    settings_.session.system_prompt = text;
    pot_ = eval::StoredPot(Session(session.model(), settings_.session));
}

std::string Chat::stats_text() {
    Session& session = pot_.session();
    const Stats stats = session.stats();
    const auto whole = [](int n) { return eval::count_text(static_cast<std::uint64_t>(n)); };
    std::string text = "entries        " + whole(stats.n_kv) + " of " +
                       whole(session.budget().capacity) + ", " + format_byte_size(stats.pot_bytes) +
                       "\n";
    text += "distillations  " + eval::count_text(stats.distillations) + "\n";
    text += "read           " + eval::count_text(stats.tokens_read, "token") + " of texts\n";
    text += "generated      " + eval::count_text(stats.tokens_generated, "token") + "\n";
    text += "policy         " + session.options().policy->spec() + "\n";
    for (const TextRead& read : pot_.texts())
        text += "text           " + read.name + ", " + eval::count_text(read.bytes, "byte") + "\n";
    return text + "undo           " + whole(session.n_undo()) + " answers\n";
}

/// Returns the tokens that half of the heads keep. Dots stand for what was between them.
std::string Chat::kept_text() {
    return eval::kept_text(eval::kept_pieces(pot_.session(), 0.5f)) + '\n';
}

void Chat::obey(const ChatCommand& command) {
    switch (command.kind) {
        case ChatCommand::help:
            return print(command_help());
        case ChatCommand::read:
            return read(command.argument);
        case ChatCommand::save:
            if (!command.argument.empty()) settings_.pot = command.argument;
            save(settings_.pot);
            unsaved_ = false;
            return;
        case ChatCommand::fork:
            return save(command.argument);
        case ChatCommand::undo:
            undo();
            if (!settings_.quiet) tell("(the last message and its answer were taken back)");
            return;
        case ChatCommand::retry:
            return retry();
        case ChatCommand::system:
            return system(command.argument);
        case ChatCommand::stats:
            return print(stats_text());
        case ChatCommand::kept:
            return print(kept_text());
        case ChatCommand::quit:
            return;
    }
}

}  // namespace infinipot::cli
