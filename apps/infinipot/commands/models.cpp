#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "models/catalogue.h"
#include "models/library.h"
#include "options/describe.h"
#include "report/model_report.h"
#include "report/report.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* examples = R"(Examples:
  infinipot models
      lists the models on this machine, and those that infinipot pull gets

  infinipot ask -m ollama:qwen2.5:1.5b --file book.txt "Who is the narrator?"
      uses one that Ollama has)";

constexpr const char* notes =
    R"(The column entries/GiB has the entries of an F16 KV cache that fit into 1 GiB. The
stores of other programs are read and never changed: Ollama's, LM Studio's, llama.cpp's cache folder
and the cache of Hugging Face's Hub.)";

std::vector<ListedModel> models_here(const models::ModelLibrary& library) {
    std::vector<ListedModel> all;
    for (const models::SourcePtr& source : library.sources())
        for (const models::StoredModel& model : source->models())
            all.push_back({model, std::string(source->title()), models::read_facts(model.path)});
    return all;
}

/// Returns the models of the catalogue that are not here yet.
std::vector<models::CataloguedModel> offered(const models::ModelLibrary& library) {
    std::vector<models::CataloguedModel> missing;
    std::ranges::copy_if(
        models::catalogue(), std::back_inserter(missing),
        [&](const models::CataloguedModel& each) { return library.find(each.name).empty(); });
    return missing;
}

void print_tables(const models::ModelLibrary& library) {
    const auto here = models_here(library);
    const auto missing = offered(library);
    std::string text = here.empty() ? "there are no models here\n" : table_of(here);
    if (!missing.empty()) text += "\ninfinipot pull NAME gets:\n" + table_of(missing);
    print(text);
}

void print_as_json(const models::ModelLibrary& library) {
    Json json = {{"models", Json::array()}, {"offered", Json::array()}};
    for (const ListedModel& model : models_here(library)) json["models"].push_back(to_json(model));
    for (const auto& model : offered(library)) json["offered"].push_back(to_json(model));
    print(print_json(json));
}

}  // namespace

Command add_models(CLI::App& program) {
    const auto json = std::make_shared<bool>(false);
    CLI::App& app = *program.add_subcommand(
        "models", "Lists the models on this machine, and those that can be had by name");
    explain(app, examples, notes);
    app.add_flag("--json", *json, "Print a JSON object");
    return {&app, [json] {
                const auto library = models::ModelLibrary::of();
                *json ? print_as_json(library) : print_tables(library);
            }};
}

}  // namespace infinipot::cli
