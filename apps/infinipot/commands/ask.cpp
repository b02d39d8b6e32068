#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "commands/commands.h"
#include "eval/run/method.h"
#include "eval/run/quantity.h"
#include "eval/text/text_files.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "input/reading.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "report/report.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"
#include "terminal/progress_bar.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot ask --file book.txt "Who is the narrator?" "How does it end?"
      reads the book once and answers two questions about it

  journalctl | infinipot ask --file - --catalyst question "Which services failed?"
      reads a stream and keeps what the question needs)";

constexpr const char* notes = R"(More examples:
  infinipot ask -m model.gguf --memory 64MiB --file a.txt --file b.txt "What changed?"
      reads two texts into a KV cache that never takes more than 64 MiB

The KV cache, which we call the pot, holds --capacity entries. Whenever it is full, the text read so
far is distilled to the --retain entries that matter most, and reading goes on. Memory never grows
with the text.)";

struct Ask {
    std::string pot;
    std::string grammar_file;
    std::string schema_file;
    std::vector<std::string> files;
    std::vector<std::string> questions;
    eval::Method method;
    GenerateOptions generate;
    bool json = false;
    bool quiet = false;
};

[[noreturn]] void refuse(ErrorCode code, const std::string& sentence) {
    throw Error(code, sentence + "; see infinipot ask --help");
}

void check_question(const std::string& question) {
    if (question.find_first_not_of(" \t\r\n") == std::string::npos) {
        refuse(ErrorCode::invalid_argument, "a question is empty");
    }
    require_utf8(question, "the question");  // before the text is read, which may take hours
}

void check(const Ask& ask) {
    if (ask.files.empty() && ask.pot.empty()) {
        refuse(ErrorCode::invalid_argument,
               "there is no text to read, which --file names, and no pot, which --pot names");
    }
    if (ask.questions.empty()) {
        refuse(ErrorCode::invalid_argument, "there is no question to answer");
    }
    if (ask.generate.n_logprobs && !ask.json) {
        refuse(ErrorCode::invalid_argument, "--logprobs prints into the JSON object of --json");
    }
    for (const std::string& question : ask.questions) check_question(question);
}

/// Prints the answer while it is generated, and ends its last line even if it is interrupted.
/// Appends its tokens, if GenerateOptions::n_logprobs asks for them.
void stream(Generation& generation, std::string& text, std::vector<DrawnToken>& tokens,
            bool silent) {
    const auto take_tokens = [&] {
        const std::span<const DrawnToken> drawn = generation.logprobs();
        tokens.insert(tokens.end(), drawn.begin(), drawn.end());
    };
    try {
        for (const std::string_view piece : generation) {
            if (!silent) print(piece);
            text += piece;
            take_tokens();
        }
        take_tokens();
    } catch (const Error&) {
        if (!silent && !text.empty()) print("\n");
        throw;
    }
    if (!silent && !text.ends_with('\n')) print("\n");
}

Answer answer(Session& session, const std::string& question, ProgressBar& bar, const Ask& ask) {
    bar.announce("beginning the answer");
    Generation generation = session.ask(question, ask.generate);
    bar.clear();
    std::string text;
    std::vector<DrawnToken> tokens;
    stream(generation, text, tokens, ask.json);
    Answer answer = answer_of(session, generation, question, std::move(text));
    answer.tokens = std::move(tokens);
    return answer;
}

/// Prints the answers while they are generated. With several questions, each stands before its
/// answer.
std::vector<Answer> answer_all(Session& session, ProgressBar& bar, const Ask& ask) {
    const bool several = ask.questions.size() > 1;
    std::vector<Answer> answers;
    for (const std::string& question : ask.questions) {
        if (several && !ask.json) {
            print((answers.empty() ? "" : "\n") + bold(question, stdout) + "\n");
        }
        answers.push_back(answer(session, question, bar, ask));
    }
    return answers;
}

std::string interrupted_sentence(const Stats& stats) {
    std::string sentence = "interrupted after " + eval::count_text(stats.tokens_read, "token");
    if (stats.tokens_generated > 0) {
        sentence += " read and " + eval::count_text(stats.tokens_generated) + " written";
    }
    return sentence;
}

/// Reads the texts, of which a pot needs none, and answers.
std::vector<Answer> read_and_answer(Session& session, eval::TextFiles& texts, ProgressBar& bar,
                                    const InterruptGuard& interrupts, const Ask& ask) {
    const InterruptibleSession interruptible(session);
    try {
        if (ask.pot.empty()) read_texts(session, texts, bar, interrupts);
        return answer_all(session, bar, ask);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted) throw;
        throw Error(ErrorCode::interrupted, interrupted_sentence(session.stats()));
    }
}

/// Prints why the model gets text and question as they are, although its file has a template.
void warn_without_template(const Session& session, const Ask& ask) {
    const std::string& reason = session.model().info().chat_template_error;
    if (ask.quiet || reason.empty() || session.options().framing == Framing::raw) return;
    std::fprintf(stderr, "no chat template is used: %s\n", reason.c_str());
}

/// Returns a session with room for the questions and their answers.
Session new_session(const Model& model, SessionOptions options, const Ask& ask) {
    int longest = 0;
    for (const std::string& question : ask.questions)
        longest = std::max(longest, answer_room(model, options, question, ask.generate.max_tokens));
    raise_reserve(model, longest, options);
    return Session(model, options);
}

/// The names of the texts that are asked about.
std::vector<std::string> texts_of(const Ask& ask) {
    if (ask.pot.empty()) return ask.files;
    std::vector<std::string> names;
    for (const TextRead& text : read_snapshot_info(ask.pot).texts) names.push_back(text.name);
    return names;
}

/// Returns the whole file; nothing if there is no name.
std::string contents_of(const std::string& file) {
    if (file.empty()) return {};
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream) throw Error(ErrorCode::file_error, "cannot read \"" + file + '"');
    if (text.str().empty()) throw Error(ErrorCode::invalid_argument, '"' + file + "\" is empty");
    return text.str();
}

void run(Ask ask) {
    check(ask);
    ask.generate.grammar = contents_of(ask.grammar_file);
    ask.generate.json_schema = contents_of(ask.schema_file);
    eval::TextFiles texts(ask.files);
    const SessionOptions options = eval::session_options(ask.method, ask.questions);

    const InterruptGuard interrupts;
    ProgressBar bar(texts.total_bytes(), ask.quiet);
    bar.announce("loading " + ask.method.model);
    const Model model = load_model(ask.method);
    validate(model, ask.generate);  // before the text is read, which may take hours
    interrupts.check();
    Session session =
        ask.pot.empty()
            ? new_session(model, options, ask)
            : Session::restore(model, ask.pot, {.n_threads = ask.method.session.n_threads});
    bar.clear();
    warn_without_template(session, ask);

    auto answers = read_and_answer(session, texts, bar, interrupts, ask);
    const Report report = report_on(session, ask.method.model_options, texts_of(ask), ask.generate,
                                    std::move(answers));
    if (ask.json) print(print_json(to_json(report)));
    if (!ask.json && !ask.quiet) std::fputs(closing_lines(report).c_str(), stderr);
}

}  // namespace

Command add_ask(CLI::App& program) {
    const auto ask = std::make_shared<Ask>();
    CLI::App& app = *program.add_subcommand(
        "ask", "Reads texts of any length in fixed memory and answers questions about them");
    explain(app, examples, notes);
    app.add_option("QUESTION", ask->questions, "Question about the texts; repeat it for more")
        ->type_name(text_values);
    add_files(app, names::file, ask->files,
              "Text to read, in UTF-8; repeat it for more; - is the standard input");
    add_model_flags(app, ask->method);
    app.add_flag("--json", ask->json, "Print one JSON object with answers and measurements");
    app.add_flag(names::quiet, ask->quiet, "Print no progress and no measurements");
    add_answer_flags(app, ask->generate);
    add_count(app, "--logprobs", ask->generate.n_logprobs, 0,
              "With --json: list every token's log-probability and its N likeliest alternatives, "
              "at most 20 [none]")
        ->group(advanced(headings::answer));
    CLI::Option* grammar = add_file(app, "--grammar", ask->grammar_file,
                                    "Grammar in llama.cpp's GBNF that the answers follow");
    CLI::Option* schema =
        add_file(app, "--json-schema", ask->schema_file, "JSON schema that the answers satisfy");
    grammar->group(advanced(headings::answer))->excludes(schema);
    schema->group(advanced(headings::answer));
    const std::vector<CLI::Option*> stored = add_session_flags(app, ask->method);
    CLI::Option* pot = add_text(app, names::pot, ask->pot, "FILE",
                                "Pot to answer from, which infinipot ingest has made");
    pot->type_name(file_values)->excludes(app.get_option("--file"));
    for (CLI::Option* setting : stored) pot->excludes(setting);
    return {&app, [ask] { run(*ask); }};
}

}  // namespace infinipot::cli
