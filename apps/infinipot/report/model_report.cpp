#include "report/model_report.h"

#include <cstdint>
#include <utility>

#include "base/byte_size.h"
#include "eval/run/quantity.h"
#include "report/table.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string number_or_none(std::uint64_t number) {
    return number == 0 ? "-" : eval::count_text(number);
}

Row row_of(const ListedModel& model) {
    const models::ModelFacts& facts = model.facts;
    if (facts.architecture.empty())
        return {model.stored.name, "-", "unreadable", "-", "-", "-", model.source};
    const bool runs = facts.problem.empty();
    return {model.stored.name,
            format_byte_size(facts.file_bytes),
            facts.architecture + (runs ? "" : " (not supported)"),
            facts.weight_type,
            number_or_none(static_cast<std::uint64_t>(facts.n_ctx_train)),
            number_or_none(static_cast<std::uint64_t>(facts.entries_per_gib)),
            model.source};
}

}  // namespace

std::string table_of(const std::vector<ListedModel>& models) {
    if (models.empty()) return {};
    std::vector<Row> rows = {
        {"model", "size", "architecture", "weights", "window", "entries/GiB", "store"}};
    for (const ListedModel& model : models) rows.push_back(row_of(model));
    return aligned_table(std::move(rows));
}

std::string table_of(const std::vector<models::CataloguedModel>& offered) {
    std::vector<Row> rows;
    for (const models::CataloguedModel& model : offered)
        rows.push_back({"  " + model.name, format_byte_size(models::model_bytes(model)),
                        model.licence, model.title});
    return aligned_table(std::move(rows));
}

Json to_json(const ListedModel& model) {
    Json json = {{"name", model.stored.name},
                 {"file", model.stored.path.string()},
                 {"store", model.source},
                 {"architecture", model.facts.architecture},
                 {"weight_type", model.facts.weight_type},
                 {"file_bytes", model.facts.file_bytes},
                 {"n_ctx_train", model.facts.n_ctx_train},
                 {"entry_bytes", model.facts.entry_bytes},
                 {"entries_per_gib", model.facts.entries_per_gib}};
    if (!model.facts.problem.empty()) json["problem"] = model.facts.problem;
    return json;
}

Json to_json(const models::CataloguedModel& offered) {
    return {{"name", offered.name},
            {"title", offered.title},
            {"licence", offered.licence},
            {"download_bytes", offered.bytes},
            {"file_bytes", models::model_bytes(offered)},
            {"sha256", offered.sha256}};
}

}  // namespace infinipot::cli
