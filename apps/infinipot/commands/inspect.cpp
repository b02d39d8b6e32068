#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_size.h"
#include "base/utf8.h"
#include "commands/commands.h"
#include "eval/run/method.h"
#include "eval/run/quantity.h"
#include "eval/run/results.h"
#include "eval/text/text_files.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "input/reading.h"
#include "inspect/inspection.h"
#include "inspect/kept.h"
#include "inspect/model_facts.h"
#include "inspect/page.h"
#include "inspect/text.h"
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
  infinipot inspect --file chapter.txt --capacity 1024 --html chapter.html
      writes a page that shows every distillation, layer and head, and the fate of each token

  infinipot inspect --pot book.pot
      shows what is kept in a pot that infinipot ingest has made)";

constexpr const char* notes = R"(More examples:
  infinipot inspect -m model.gguf
      shows how many entries a memory budget buys with a model

  infinipot inspect --file chapter.txt --capacity 1024
      shows the passages that survived and how much layers and heads agree; on a terminal with
      colours it first prints the text, shaded by the share of heads that still hold each token

  infinipot inspect --file chapter.txt --catalyst question --question "Who is the narrator?"
      keeps what the question needs, and answers it from what survived

  infinipot inspect --file chapter.txt --policy sirllm --schedule when-full --json > sirllm.json
      prints one line of JSON, which analysis/overlap.py reads

Columns: share of tokens held by each head (every head holds as many), by any of all layers' heads,
by half of them and by all of them; mean surprisal of the entries that stayed and of those that were
evicted; share of a head's entries that another head of its layer, or of another layer, also holds.
JSON: "tokens" has piece, surprisal in nats, and the share of heads that hold the token after the
last distillation (null: read since). "tokens_read_at" has the tokens read at the 1st, 2nd, ...
distillation. "left_at"[layer][head][position] is the number of the distillation that evicted the
entry, 0 if it is still there. After the k-th distillation a head holds every position below
tokens_read_at[k - 1] whose left_at is 0 or more than k.
With --pot no text is read: the tokens that are still there are shown with the share of the heads
that hold each, and dots for what was evicted. Without colours it is the tokens that half of the
heads hold. The "tokens" of the JSON have position, id, piece and share.
Memory: 4 bytes for each token, layer and KV head, for any number of distillations: 35 MB for
100,000 tokens and TinyLlama's 88 heads. A page takes 1.3 bytes of each. JSON takes 2 bytes in the
file and 16 while it is made.)";

struct Inspect {
    std::string pot;
    std::vector<std::string> files;
    std::string question;
    std::string html;
    bool json = false;
    bool quiet = false;
    eval::Method method;
    GenerateOptions generate;
};

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence + "; see infinipot inspect --help");
}

void check(const Inspect& inspect) {
    if (!inspect.pot.empty() && !inspect.html.empty())
        refuse("--html shows what was evicted as well, which a pot has no more; leave it out");
    require_utf8(inspect.question, "the question");
    if (inspect.method.catalyst == "question" && inspect.question.empty()) {
        refuse("--catalyst question wants a --question");
    }
    if (!inspect.html.empty()) require_writable(inspect.html);
}

/// Returns the session's options with what the record needs.
/// @throws Error if the session would have nothing to record
SessionOptions recorded_options(const Inspect& inspect, const Inspection& inspection) {
    SessionOptions options = eval::session_options(inspect.method, {inspect.question});
    const Schedule schedule = options.schedule.value_or(options.policy->schedule());
    if (schedule == Schedule::before_reading) {
        refuse("policy " + options.policy->spec() +
               " leaves out the middle of a text before it is read: nothing is distilled");
    }
    if (schedule == Schedule::at_end && inspect.question.empty()) {
        refuse("schedule at-end distils when a question has been read, which --question gives");
    }
    options.policy = eval::recording(options.policy, inspection.survival());
    options.measure_surprisal = true;
    return options;
}

std::vector<Answer> answers(Session& session, ProgressBar& bar, const Inspect& inspect) {
    if (inspect.question.empty()) return {};
    bar.announce("answering");
    Generation generation = session.ask(inspect.question, inspect.generate);
    std::string text = generation.text();
    bar.clear();
    return {answer_of(session, generation, inspect.question, std::move(text))};
}

std::vector<Answer> read_and_answer(Session& session, eval::TextFiles& texts, ProgressBar& bar,
                                    const InterruptGuard& interrupts, Inspection& inspection,
                                    const Inspect& inspect) {
    const InterruptibleSession interruptible(session);
    try {
        read_texts(session, texts, bar, interrupts,
                   [&](const Progress& progress) { inspection.add(progress); });
        if (session.options().schedule != Schedule::at_end) inspection.survival()->close();
        return answers(session, bar, inspect);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted) throw;
        throw Error(ErrorCode::interrupted,
                    "interrupted after " + eval::count_text(session.stats().tokens_read, "token") +
                        "; nothing was written");
    }
}

void write_page(const Inspect& inspect, const Inspection& inspection, const Report& report) {
    const std::string page = inspection_page(inspection, report);
    write_whole(inspect.html, page);
    if (inspect.quiet) return;
    std::fprintf(stderr, "wrote %s, %s\n", inspect.html.c_str(),
                 format_byte_size(page.size()).c_str());
}

/// Returns the report for people. It includes the shaded text only if the terminal shows colours
/// and no page is written.
std::string for_people(const Inspect& inspect, const Inspection& inspection, const Report& report) {
    const ResolvedBudget& budget = report.session.budget;
    const bool shades = inspect.html.empty() && may_style(stdout);
    std::string text = shades ? shaded_text(inspection) : std::string();
    text += passages_table(inspection, budget) + survival_table(inspection, budget);
    for (const Answer& answer : report.answers) {
        text += "\n" + bold(answer.question, stdout) + "\n" + answer.text + "\n";
    }
    return text;
}

/// Shows what a pot keeps.
void run_pot(const Inspect& inspect) {
    const SnapshotInfo info =
        read_snapshot_info(inspect.pot);  // before the model, which takes time
    const InterruptGuard interrupts;
    ProgressBar bar(std::nullopt, inspect.quiet);
    bar.announce("loading " + inspect.method.model);
    const Model model = load_model(inspect.method);
    interrupts.check();
    const Session session =
        Session::restore(model, inspect.pot, {.n_threads = inspect.method.session.n_threads});
    bar.clear();
    const KeptInspection kept = {.pot = inspect.pot,
                                 .info = info,
                                 .n_layer = model.info().n_layer_kv,
                                 .n_head_kv = model.info().n_head_kv,
                                 .pieces = eval::kept_pieces(session, 0)};
    print(inspect.json ? eval::to_line(to_json(kept)) + "\n" : for_people(kept, may_style(stdout)));
}

/// Shows what a memory budget buys with the model.
void run_model(const Inspect& inspect) {
    if (!inspect.question.empty() || !inspect.html.empty())
        refuse("there is no text to read, which --file names");
    ProgressBar bar(std::nullopt, inspect.quiet);
    bar.announce("loading " + inspect.method.model);
    const Model model = load_model(inspect.method);
    bar.clear();
    const ResolvedOptions asked = resolve(model, eval::session_options(inspect.method, {}));
    print(inspect.json ? eval::to_line(to_json(model, asked)) + "\n" : facts_of(model, asked));
}

void run(const Inspect& inspect) {
    check(inspect);
    if (!inspect.pot.empty()) return run_pot(inspect);
    if (inspect.files.empty()) return run_model(inspect);
    eval::TextFiles texts(inspect.files);

    const InterruptGuard interrupts;
    ProgressBar bar(texts.total_bytes(), inspect.quiet);
    bar.announce("loading " + inspect.method.model);
    const Model model = load_model(inspect.method);
    validate(model, inspect.generate);
    interrupts.check();
    Inspection inspection(model);
    SessionOptions options = recorded_options(inspect, inspection);
    if (!inspect.question.empty()) {
        const int n_entries =
            answer_room(model, options, inspect.question, inspect.generate.max_tokens);
        raise_reserve(model, n_entries, options);
    }
    Session session(model, options);

    auto given = read_and_answer(session, texts, bar, interrupts, inspection, inspect);
    const Report report = report_on(session, inspect.method.model_options, inspect.files,
                                    inspect.generate, std::move(given));
    if (!inspect.html.empty()) write_page(inspect, inspection, report);
    print(inspect.json ? eval::to_line(to_json(inspection, report)) + "\n"
                       : for_people(inspect, inspection, report));
}

}  // namespace

Command add_inspect(CLI::App& program) {
    const auto inspect = std::make_shared<Inspect>();
    CLI::App& app = *program.add_subcommand(
        "inspect", "Shows which tokens of a text survive, what a pot keeps, or what a budget buys");
    explain(app, examples, notes);
    add_files(app, names::file, inspect->files,
              "Text to read, in UTF-8; repeat it for more; - is the standard input");
    add_model_flags(app, inspect->method);
    add_text(app, "--question", inspect->question, "TEXT", "Question to answer from what survived");
    add_file(app, "--html", inspect->html, "Write a page that a browser shows without a network");
    app.add_flag("--json", inspect->json, "Print one line of JSON with every token and head");
    app.add_flag(names::quiet, inspect->quiet, "Print no progress");
    const std::vector<CLI::Option*> before = app.get_options();
    add_answer_flags(app, inspect->generate);
    std::vector<CLI::Option*> of_reading = app.get_options();
    std::erase_if(of_reading, [&](CLI::Option* option) {
        return std::ranges::find(before, option) != before.end();
    });
    std::ranges::copy(add_session_flags(app, inspect->method), std::back_inserter(of_reading));
    CLI::Option* pot = add_text(app, names::pot, inspect->pot, "FILE",
                                "Pot to look into, which infinipot ingest has made");
    pot->type_name(file_values)
        ->excludes(app.get_option("--file"))
        ->excludes(app.get_option("--question"));
    for (CLI::Option* option : of_reading) pot->excludes(option);
    return {&app, [inspect] { run(*inspect); }};
}

}  // namespace infinipot::cli
