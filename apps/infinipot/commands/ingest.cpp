#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/run/method.h"
#include "eval/run/quantity.h"
#include "eval/text/stored_pot.h"
#include "eval/text/text_files.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/interrupt.h"
#include "terminal/progress_bar.h"

namespace infinipot::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* examples = R"(Examples:
  infinipot ingest -m model.gguf --pot book.pot --file book.txt
      reads the book and saves what was kept of it

  infinipot ask -m model.gguf --pot book.pot "Who is the narrator?"
      answers from it, in another process and at any later time)";

constexpr const char* notes = R"(The same command again goes on where it stopped: after Ctrl-C,
after a crash, or when a text has grown. A text whose beginning has changed is refused. The settings
of a pot are chosen when it is made, and stored with it.)";

struct Ingest {
    std::string pot;
    std::vector<std::string> files;
    eval::Method method;
    int checkpoint_seconds = 60;
    bool quiet = false;
    std::vector<CLI::Option*> settings;  // that are stored with the pot
};

void check(const Ingest& ingest) {
    if (ingest.pot.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no pot to read into, which --pot names; see infinipot ingest --help");
    }
    if (ingest.files.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no text to read, which --file names; see infinipot ingest --help");
    }
}

/// Reads all texts, and saves the pot whenever its patience ends.
void read_all(eval::StoredPot& pot, const Ingest& ingest, const InterruptGuard& interrupts,
              const IngestOptions& options) {
    using Clock = std::chrono::steady_clock;
    Clock::time_point saved_at = Clock::now();
    const auto between_chunks = [&] {
        interrupts.check();
        if (Clock::now() - saved_at <= std::chrono::seconds(ingest.checkpoint_seconds)) return;
        pot.save(ingest.pot);
        saved_at = Clock::now();
    };
    for (const std::string& file : ingest.files) pot.read(file, options, between_chunks);
    pot.session().flush(options);
}

/// A pot without any text would answer from nothing.
void require_text(const eval::StoredPot& pot, const Ingest& ingest) {
    if (fs::exists(ingest.pot) || !pot.blank()) return;
    throw Error(ErrorCode::bad_text, "there is nothing to read in " +
                                         eval::TextFiles(ingest.files).names() +
                                         ": no text but white space");
}

void print_summary(const Ingest& ingest, Session& session) {
    const Stats stats = session.stats();
    std::fprintf(stderr, "%s has read %s, %s, and holds %d entries\n", ingest.pot.c_str(),
                 eval::count_text(stats.tokens_read, "token").c_str(),
                 eval::count_text(stats.distillations, "distillation").c_str(), stats.n_kv);
}

void run(const Ingest& ingest) {
    check(ingest);
    if (fs::exists(ingest.pot)) refuse_settings(ingest.settings, ingest.pot);
    for (const std::string& file : ingest.files) eval::check_readable(file);
    const InterruptGuard interrupts;
    ProgressBar loading(std::nullopt, ingest.quiet);
    loading.announce("loading " + ingest.method.model);
    const Model model = load_model(ingest.method);
    eval::StoredPot pot =
        eval::StoredPot::open_or_make(model, ingest.pot, eval::session_options(ingest.method, {}));
    loading.clear();
    ProgressBar bar(pot.total_bytes(ingest.files), ingest.quiet);
    const InterruptibleSession interruptible(pot.session());
    const IngestOptions options = {[&](const Progress& progress) { bar.update(progress); }};
    bar.start(pot.session().stats().tokens_read);
    try {
        read_all(pot, ingest, interrupts, options);
    } catch (const Error& error) {
        if (pot.has_read()) pot.save(ingest.pot);
        if (error.code() != ErrorCode::interrupted) throw;
        bar.clear();
        throw Error(ErrorCode::interrupted,
                    "interrupted after " +
                        eval::count_text(pot.session().stats().tokens_read, "token") +
                        "; the same command goes on from there");
    }
    bar.clear();
    require_text(pot, ingest);
    if (pot.has_read()) pot.save(ingest.pot);
    if (!ingest.quiet) print_summary(ingest, pot.session());
}

}  // namespace

Command add_ingest(CLI::App& program) {
    const auto ingest = std::make_shared<Ingest>();
    CLI::App& app = *program.add_subcommand(
        "ingest", "Reads texts into a pot, a file that later commands answer questions from");
    explain(app, examples, notes);
    add_text(app, names::pot, ingest->pot, "FILE", "Pot to read into; it is made if there is none")
        ->type_name(file_values);
    add_files(app, names::file, ingest->files,
              "Text to read, in UTF-8; repeat it for more; - is the standard input");
    add_model_flags(app, ingest->method);
    add_count(app, "--checkpoint", ingest->checkpoint_seconds, 1,
              "Seconds between two savings while it reads [60]");
    app.add_flag(names::quiet, ingest->quiet, "Print no progress and no measurements");
    ingest->settings = add_session_flags(app, ingest->method);
    return {&app, [ingest] { run(*ingest); }};
}

}  // namespace infinipot::cli
