#include "models/pull/pull.h"

#include <vector>

#include "base/nearest.h"
#include "base/word_list.h"
#include "infinipot/error.h"
#include "models/catalogue.h"
#include "models/pull/package_pull.h"

namespace infinipot::models {
namespace {

[[noreturn]] void refuse(const std::string& name) {
    std::vector<std::string> names;
    for (const CataloguedModel& model : catalogue()) names.push_back(model.name);
    const auto meant = nearest(name, names);
    throw Error(ErrorCode::invalid_argument,
                "infinipot pull knows no model \"" + name + "\"; " +
                    (meant ? "did you mean " + *meant + "?" : "it gets " + one_of(names)));
}

}  // namespace

std::filesystem::path pull(const std::string& name, const Variables& variables, PullWatch& watch) {
    const CataloguedModel* model = find_in_catalogue(name);
    if (model == nullptr) refuse(name);
    return pull_packages(*model, model_folder(variables), watch);
}

}  // namespace infinipot::models
