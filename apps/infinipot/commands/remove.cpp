#include "models/remove.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "infinipot/error.h"
#include "options/describe.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot remove tinyllama
      removes a model that infinipot pull got, or what is here of an unfinished download)";

constexpr const char* notes =
    R"(Models in the stores of other programs are never removed. All names are
examined before the first model is removed.)";

void run(const std::vector<std::string>& names) {
    if (names.empty())
        throw Error(ErrorCode::invalid_argument,
                    "there is no model to remove; infinipot models lists names");
    for (const std::string& line : models::remove_models(names, models::Variables()))
        std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace

Command add_remove(CLI::App& program) {
    const auto names = std::make_shared<std::vector<std::string>>();
    CLI::App& app = *program.add_subcommand("remove", "Removes models that infinipot pull got");
    explain(app, examples, notes);
    app.add_option("NAME", *names, "Model to remove");
    return {&app, [names] { run(*names); }};
}

}  // namespace infinipot::cli
