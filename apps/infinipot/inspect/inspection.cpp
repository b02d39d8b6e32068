#include "inspect/inspection.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"
#include "eval/survival/summary.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t most_summaries = 100;

Json tokens_json(const Inspection& inspection) {
    const auto pieces = inspection.pieces();
    const auto shares = inspection.shares();
    Json list = Json::array();
    for (std::size_t at = 0; at < pieces.size(); ++at) {
        list.push_back({{"position", at},
                        {"id", inspection.tokens()[at]},
                        {"piece", pieces[at]},
                        {"surprisal", inspection.nats()[at]},
                        {"survival", at < shares.size() ? Json(shares[at]) : Json()}});
    }
    return list;
}

Json left_json(const Inspection& inspection, int il, int head) {
    Json list = Json::array();
    for (std::size_t at = 0; at < inspection.tokens().size(); ++at) {
        list.push_back(inspection.survival()->left_at(il, head, static_cast<std::int64_t>(at)));
    }
    return list;
}

Json left_json(const Inspection& inspection) {
    const eval::Survival& survival = *inspection.survival();
    Json layers = Json::array();
    for (int il = 0; il < survival.n_layer(); ++il) {
        Json& heads = layers.emplace_back(Json::array());
        for (int head = 0; head < survival.n_head_kv(); ++head) {
            heads.push_back(left_json(inspection, il, head));
        }
    }
    return layers;
}

Json tokens_read_json(const eval::Survival& survival) {
    Json list = Json::array();
    for (std::uint32_t k = 1; k <= survival.n_distillations(); ++k) {
        list.push_back(survival.tokens_read(k));
    }
    return list;
}

Json summary_json(const eval::SurvivalSummary& summary) {
    return {{"distillation", summary.distillation},
            {"tokens_read", summary.tokens_read},
            {"kept_by_any", summary.kept_by_any},
            {"kept_by_half", summary.kept_by_half},
            {"kept_by_all", summary.kept_by_all},
            {"kept_by_one", summary.kept_by_one},
            {"surprisal_of_kept", summary.nats_of_kept},
            {"surprisal_of_dropped", summary.nats_of_dropped},
            {"overlap_of_heads", summary.overlap_of_heads},
            {"overlap_of_layers", summary.overlap_of_layers}};
}

Json summaries_json(const Inspection& inspection) {
    const eval::Survival& survival = *inspection.survival();
    Json list = Json::array();
    for (const auto k : eval::sample_of_distillations(survival, most_summaries)) {
        list.push_back(summary_json(eval::summarise(survival, inspection.nats(), k)));
    }
    return list;
}

}  // namespace

Inspection::Inspection(const Model& model)
    : model_(model),
      survival_(std::make_shared<eval::Survival>(model.info().n_layer_kv, model.info().n_head_kv)) {
}

void Inspection::add(const Progress& batch) {
    tokens_.insert(tokens_.end(), batch.tokens.begin(), batch.tokens.end());
    nats_.insert(nats_.end(), batch.surprisal.begin(), batch.surprisal.end());
}

std::vector<std::string> Inspection::pieces() const {
    std::vector<std::string> pieces;
    std::string pending;
    for (const Token token : tokens_) {
        pending += model_.piece(token);
        const std::size_t n_whole = utf8_complete_prefix(pending);
        pieces.push_back(replace_ill_formed_utf8(pending.substr(0, n_whole)));
        pending.erase(0, n_whole);
    }
    return pieces;
}

std::size_t Inspection::n_distilled() const {
    const std::uint32_t n = survival_->n_distillations();
    if (n == 0) return 0;
    return std::min(static_cast<std::size_t>(survival_->tokens_read(n)), tokens_.size());
}

std::vector<double> Inspection::shares() const {
    if (n_distilled() == 0) return {};
    std::vector<double> shares;
    for (const int n : survival_->n_holding(survival_->n_distillations())) {
        shares.push_back(static_cast<double>(n) / survival_->n_heads());
    }
    shares.resize(n_distilled());
    return shares;
}

Json to_json(const Inspection& inspection, const Report& report) {
    Json json = to_json(report);
    json["n_layer"] = inspection.survival()->n_layer();
    json["n_head_kv"] = inspection.survival()->n_head_kv();
    json["tokens_read_at"] = tokens_read_json(*inspection.survival());
    json["summaries"] = summaries_json(inspection);
    json["tokens"] = tokens_json(inspection);
    json["left_at"] = left_json(inspection);
    return json;
}

}  // namespace infinipot::cli
