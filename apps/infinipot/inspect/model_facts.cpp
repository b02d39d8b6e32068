#include "inspect/model_facts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_size.h"
#include "base/printable.h"
#include "eval/run/quantity.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t least_memory = std::size_t{16} << 20;

/// Returns the bytes of an entry, or nothing if the heads of the model do not fit the type.
std::optional<std::size_t> entry_bytes(const Model& model, KvType type) {
    try {
        return model.entry_bytes(type);
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// Returns amounts of memory, each twice the one before, up to one that buys the whole window.
std::vector<std::size_t> budgets(const Model& model) {
    const std::size_t most = model.pot_bytes(model.info().n_ctx_train);
    std::vector<std::size_t> amounts = {least_memory};
    while (amounts.back() < most) amounts.push_back(2 * amounts.back());
    return amounts;
}

std::string right(const std::string& text, std::size_t width) {
    return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string count(int n, const char* unit) {
    return eval::count_text(static_cast<std::uint64_t>(n), unit);
}

/// Returns a row with one cell for each number format.
template <typename Cell>
std::string row(const std::string& name, const Cell& cell) {
    std::string line = name + std::string(11 - std::min<std::size_t>(11, name.size()), ' ');
    for (const KvType type : all_kv_types()) line += right(cell(type), 12);
    return line + "\n";
}

std::size_t budget_bytes(const Model& model, const ResolvedOptions& asked) {
    return model.pot_bytes(asked.budget.capacity, asked.kv_type, asked.n_batch);
}

std::string budget_text(const Model& model, const ResolvedOptions& asked) {
    const auto entries = [](int n) { return eval::count_text(static_cast<std::uint64_t>(n)); };
    return "With these options the KV cache takes " + format_byte_size(budget_bytes(model, asked)) +
           " for " + entries(asked.budget.capacity) + " entries of type " +
           std::string(to_string(asked.kv_type)) + ",\nof which " + entries(asked.budget.retain) +
           " survive a distillation.\n";
}

}  // namespace

std::string facts_of(const Model& model, const ResolvedOptions& asked) {
    const ModelInfo& info = model.info();
    std::string text =
        "model      " + printable_line(info.name + " (" + info.architecture + ")") + ", " +
        format_byte_size(info.file_bytes) + "\n" + "shape      " + count(info.n_layer, "layer") +
        ", " + count(info.n_head, "head") + ", " + count(info.n_head_kv, "KV head") + " of " +
        std::to_string(info.n_embd_head) + ", vocabulary of " + count(info.n_vocab, "token") +
        "\n" + "window     " + count(info.n_ctx_train, "position") + "\n" + "chat       " +
        (info.has_chat_template ? "by the template of the model"
                                : "no: the model has no chat template") +
        "\n\nEntries that the KV cache holds, by memory and --kv-type; at most the "
        "window:\n\n";
    text += row("memory", [](KvType type) { return std::string(to_string(type)); });
    for (const std::size_t memory : budgets(model)) {
        text += row(format_byte_size(memory), [&](KvType type) -> std::string {
            if (!entry_bytes(model, type)) return "-";
            return eval::count_text(static_cast<std::uint64_t>(model.entries_in(memory, type)));
        });
    }
    return text +
           row("one entry",
               [&](KvType type) -> std::string {
                   const std::optional<std::size_t> entry = entry_bytes(model, type);
                   return entry ? format_byte_size(*entry) : "-";
               }) +
           "\n" + budget_text(model, asked);
}

Json to_json(const Model& model, const ResolvedOptions& asked) {
    const ModelInfo& info = model.info();
    Json json = {{"version", INFINIPOT_VERSION},
                 {"model", info.path},
                 {"name", info.name},
                 {"architecture", info.architecture},
                 {"file_bytes", info.file_bytes},
                 {"n_layer", info.n_layer},
                 {"n_head", info.n_head},
                 {"n_head_kv", info.n_head_kv},
                 {"n_embd_head", info.n_embd_head},
                 {"n_vocab", info.n_vocab},
                 {"n_ctx_train", info.n_ctx_train},
                 {"has_chat_template", info.has_chat_template},
                 {"entry_bytes", Json::object()}};
    for (const KvType type : all_kv_types()) {
        if (const auto entry = entry_bytes(model, type)) {
            json["entry_bytes"][std::string(to_string(type))] = *entry;
        }
    }
    json["budget"] = {{"kv_type", to_string(asked.kv_type)},
                      {"capacity", asked.budget.capacity},
                      {"retain", asked.budget.retain},
                      {"reserve", asked.budget.reserve},
                      {"bytes", budget_bytes(model, asked)}};
    return json;
}

}  // namespace infinipot::cli
