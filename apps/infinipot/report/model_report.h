#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/catalogue.h"
#include "models/facts.h"
#include "models/model_source.h"

/// Tables and JSON of the models on the disk, and of those that can be had.
namespace infinipot::cli {

struct ListedModel {
    models::StoredModel stored;
    std::string source;  ///< the title of its store
    models::ModelFacts facts;
};

/// Returns a table with a line for each model; empty without models.
std::string table_of(const std::vector<ListedModel>& models);

/// Returns a table with a line for each model of the catalogue that is asked for.
std::string table_of(const std::vector<models::CataloguedModel>& offered);

nlohmann::ordered_json to_json(const ListedModel& model);
nlohmann::ordered_json to_json(const models::CataloguedModel& offered);

}  // namespace infinipot::cli
