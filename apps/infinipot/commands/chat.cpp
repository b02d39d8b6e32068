#include "chat/chat.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/message_reader.h"
#include "commands/commands.h"
#include "eval/run/method.h"
#include "eval/text/stored_pot.h"
#include "eval/text/text_source.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/interrupt.h"
#include "terminal/progress_bar.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot chat --file book.txt
      reads a book and talks about it, without end and in fixed memory

  infinipot chat --pot book.pot
      goes on with a book that infinipot ingest has read)";

constexpr const char* notes =
    R"(Lines that begin with a slash are commands: /help lists them. Ctrl-C
stops an answer, Ctrl-D ends the chat. The KV cache, which we call the pot, keeps what was said and
is distilled whenever it is full. The system prompt always stays. Nothing is saved unless /save or
--save asks for it. Lines typed on a terminal are remembered in infinipot/chat_history, a file in
$XDG_STATE_HOME or in ~/.local/state.)";

constexpr float chat_temperature = 0.7f;
constexpr int chat_max_tokens = 2048;

/// What becomes of a model's thoughts.
enum class Thoughts { automatic, shown, hidden, off };

struct ChatArguments {
    eval::Method method;
    std::vector<std::string> files;
    Thoughts thoughts = Thoughts::automatic;
    bool save = false;
    ChatSettings settings;
    std::vector<CLI::Option*> stored;  // settings that are stored with a pot
};

/// Returns whether thoughts are printed.
bool are_shown(Thoughts thoughts) {
    return thoughts == Thoughts::shown || (thoughts == Thoughts::automatic && is_terminal(stdout));
}

void require_chat_template(const Model& model) {
    const ModelInfo& info = model.info();
    if (info.has_chat_template) return;
    throw Error(ErrorCode::unsupported_model,
                info.path + " has no chat template" +
                    (info.chat_template_error.empty() ? "" : ": " + info.chat_template_error) +
                    "; choose a model that is made for chats");
}

/// Answers messages and obeys commands until the input ends. An error with one of them is told, and
/// ends the chat only if nobody is there to answer.
void converse(Chat& chat, MessageReader& reader) {
    while (const std::optional<std::string> message = reader.next()) {
        if (message->empty()) continue;
        try {
            if (!is_command(*message)) {
                chat.say(message->starts_with("//") ? message->substr(1) : *message);
                continue;
            }
            const ChatCommand command = parse_command(*message);
            if (command.kind == ChatCommand::quit) return;
            chat.obey(command);
        } catch (const Error& error) {
            if (!reader.is_interactive()) throw;
            complain(error.what());
        }
    }
}

void read_and_converse(Chat& chat, const ChatArguments& arguments) {
    for (const std::string& file : arguments.files) chat.read(file);
    MessageReader reader;
    const bool tells = reader.is_interactive() && !arguments.settings.quiet;
    if (tells) std::fputs("/help lists the commands, Ctrl-D ends the chat\n", stderr);
    converse(chat, reader);
    if (tells && chat.is_unsaved() && !arguments.save)
        std::fputs("(the chat was not saved; /save keeps one)\n", stderr);
}

void run(ChatArguments arguments) {
    arguments.settings.session = eval::session_options(arguments.method, {});
    arguments.settings.shows_thinking = are_shown(arguments.thoughts);
    arguments.settings.generate.think = arguments.thoughts != Thoughts::off;
    if (arguments.save && arguments.settings.pot.empty())
        throw Error(ErrorCode::invalid_argument,
                    "--save wants a pot to save to, which --pot names; see infinipot chat --help");
    const std::string& pot = arguments.settings.pot;
    if (std::filesystem::exists(pot)) refuse_settings(arguments.stored, pot);
    for (const std::string& file : arguments.files) eval::check_readable(file);
    ProgressBar loading(std::nullopt, arguments.settings.quiet);
    loading.announce("loading " + arguments.method.model);
    const Model model = load_model(arguments.method);
    require_chat_template(model);
    validate(model, arguments.settings.generate);
    const HeldSignals held;  // between two messages, and until the chat is saved
    Chat chat(eval::StoredPot::open_or_make(model, pot, arguments.settings.session),
              arguments.settings);
    loading.clear();
    try {
        read_and_converse(chat, arguments);
    } catch (const Error&) {
        if (arguments.save && chat.is_unsaved()) chat.obey({ChatCommand::save, {}});
        throw;
    }
    if (arguments.save) chat.obey({ChatCommand::save, {}});
}

}  // namespace

Command add_chat(CLI::App& program) {
    const auto arguments = std::make_shared<ChatArguments>();
    GenerateOptions& generate = arguments->settings.generate;
    generate.sampling.temperature = chat_temperature;
    generate.max_tokens = chat_max_tokens;
    CLI::App& app =
        *program.add_subcommand("chat", "Talks without end in fixed memory, also about texts");
    explain(app, examples, notes);
    add_files(app, names::file, arguments->files,
              "Text to read first, in UTF-8; repeat it for more");
    add_model_flags(app, arguments->method);
    CLI::Option* system =
        add_text(app, "--system", arguments->method.session.system_prompt, "TEXT",
                 "System prompt that the chat begins with, and that always stays");
    add_choice<Thoughts>(app, "--thinking", arguments->thoughts,
                         {{"auto", Thoughts::automatic},
                          {"show", Thoughts::shown},
                          {"hide", Thoughts::hidden},
                          {"off", Thoughts::off}},
                         "Thoughts of a model that thinks: show, hide, off, or auto, which shows "
                         "them on a terminal [auto]");
    app.add_flag("--save", arguments->save,
                 "Save the chat to the pot when it ends, by an error too");
    app.add_flag(names::quiet, arguments->settings.quiet, "Print answers alone");
    add_answer_flags(app, generate);
    add_count(app, "--max-thinking", generate.max_thinking_tokens, 1,
              "Most tokens of a thought before an answer [those of the answer]")
        ->group(advanced(headings::answer));
    arguments->stored = add_session_flags(app, arguments->method);
    arguments->stored.push_back(system);
    add_text(app, names::pot, arguments->settings.pot, "FILE",
             "Pot to go on in, if there is one, and that /save writes")
        ->type_name(file_values);
    return {&app, [arguments] { run(*arguments); }};
}

}  // namespace infinipot::cli
